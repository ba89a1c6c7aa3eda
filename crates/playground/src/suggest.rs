//! "Did you mean": the known name that is nearest to an unknown one.

/// Names are short; a longer one is not worth the time.
const LONGEST: usize = 64;

/// ` (did you mean `x`?)` with the nearest of the known names, or nothing when none is near.
pub(crate) fn did_you_mean<'a>(unknown: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    if unknown.len() > LONGEST {
        return String::new();
    }
    let near = known.into_iter().filter_map(|name| {
        let limit = (unknown.chars().count() / 3).max(1);
        let distance = distance(&unknown.to_lowercase(), &name.to_lowercase());
        (distance <= limit).then_some((distance, name))
    });
    near.min().map_or_else(String::new, |(_, name)| {
        format!(" (did you mean `{name}`?)")
    })
}

/// How many letters must be changed, added or removed to make the one from the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (i, a) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.chars().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.chars().count()]
}
