//! "Did you mean": the known name that is nearest to an unknown one.

/// ` (did you mean `x`?)` with the nearest of the known names, or nothing when none is near.
pub(crate) fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(unknown, known).map_or_else(String::new, |name| format!(" (did you mean `{name}`?)"))
}

/// The known name that is nearest, if it is near enough to be meant.
pub fn nearest<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let unknown: Vec<char> = unknown.to_lowercase().chars().collect();
    let limit = (unknown.len() / 3).max(1);
    let near = known.into_iter().filter_map(|name| {
        let letters: Vec<char> = name.to_lowercase().chars().collect();
        // Names are short; a long one is not worth the time.
        if letters.len() > 64 || letters.len().abs_diff(unknown.len()) > limit {
            return None;
        }
        let distance = distance(&unknown, &letters);
        (distance <= limit).then_some((distance, name))
    });
    near.min().map(|(_, name)| name)
}

/// How many letters must be changed, added, removed or swapped with their neighbour.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, wanted) in other.iter().enumerate() {
            let changed = last[j] + usize::from(letter != wanted);
            let mut best = changed.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}
