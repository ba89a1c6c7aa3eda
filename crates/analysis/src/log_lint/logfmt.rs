//! `key=value key="a value"`.

use std::borrow::Cow;

/// The pairs of a line; none when there is anything else in it.
pub(super) fn pairs(line: &str) -> Option<Vec<(&str, Cow<'_, str>)>> {
    let mut pairs = Vec::new();
    let mut rest = line.trim();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let good = |one: char| !one.is_whitespace() && !matches!(one, '"' | '\'' | '{' | '[' | '(');
        if key.is_empty() || !key.chars().all(good) {
            return None;
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted)?,
            None => {
                let end = after.find(char::is_whitespace).unwrap_or(after.len());
                (Cow::Borrowed(&after[..end]), &after[end..])
            }
        };
        if !after.is_empty() && !after.starts_with(char::is_whitespace) {
            return None;
        }
        pairs.push((key, value));
        rest = after.trim_start();
    }
    Some(pairs)
}

/// The value up to its closing quote, and what comes after it.
fn unquoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, one)) = chars.next() {
        match one {
            '"' if value.len() == at => return Some((Cow::Borrowed(&text[..at]), &text[at + 1..])),
            '"' => return Some((Cow::Owned(value), &text[at + 1..])),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                't' => value.push('\t'),
                other => value.push(other),
            },
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_read() {
        let read = |line| {
            let pairs: Option<Vec<_>> = pairs(line);
            pairs.map(|pairs| {
                let shown = pairs.iter().map(|(key, value)| format!("{key}:{value}"));
                shown.collect::<Vec<_>>().join("|")
            })
        };
        for (line, expected) in [
            ("a=1  b= c=x=y", Some("a:1|b:|c:x=y")),
            (r#"a="x y" b="q\"\\\n""#, Some("a:x y|b:q\"\\\n")),
            (r#"ä="😀""#, Some("ä:😀")),
            ("", Some("")),
            ("a", None),
            ("a=1 b", None),
            ("=1", None),
            (r#"a="open"#, None),
            (r#"a="x"y"#, None),
            (r#"a="x\"#, None),
        ] {
            assert_eq!(read(line).as_deref(), expected, "{line}");
        }
    }
}
