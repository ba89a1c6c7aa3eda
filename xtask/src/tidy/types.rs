//! No type name stands in more than two crates: what has the same name is the same thing. Types of
//! tests do not count: they are read beside the test alone.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, files::File};

/// The most crates that a name may stand in.
const LIMIT: usize = 2;

/// Names that a pattern of the language gives: the error of a crate.
const EXCEPTIONS: [&str; 1] = ["Error"];

/// Names that still stand in more crates. The list must shrink.
const REMAINING: [&str; 0] = [];

/// Checks all files.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    let mut crates: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let ours = files
        .iter()
        .filter(|file| file.is_rust() && !file.is_test());
    for file in ours {
        let Some((name, _)) = file
            .path
            .strip_prefix("crates/")
            .and_then(|path| path.split_once("/src/"))
        else {
            continue;
        };
        for defined in file.text.lines().filter_map(defined) {
            crates.entry(defined).or_default().insert(name);
        }
    }
    let too_many = crates
        .into_iter()
        .filter(|(_, crates)| crates.len() > LIMIT);
    too_many
        .filter(|(name, _)| !EXCEPTIONS.contains(name) && !REMAINING.contains(name))
        .map(|(name, crates)| {
            let crates = crates.into_iter().collect::<Vec<_>>().join(", ");
            format!("type name {name} stands in {crates}: name what each of them is")
        })
        .collect()
}

/// The type that a line defines. Those within functions and test modules are indented.
fn defined(line: &str) -> Option<&str> {
    let line = match line.strip_prefix("pub(") {
        Some(restricted) => restricted.split_once(") ")?.1,
        None => line.strip_prefix("pub ").unwrap_or(line),
    };
    let rest = ["struct ", "enum ", "trait ", "type ", "union "]
        .iter()
        .find_map(|keyword| line.strip_prefix(keyword))?;
    rest.split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()
}

#[cfg(test)]
mod tests {
    use super::{super::files::sample, *};

    fn found(texts: &[&str]) -> Vec<Finding> {
        let files = texts.iter().enumerate();
        let files: Vec<File> = files
            .map(|(number, text)| sample(&format!("crates/c{number}/src/lib.rs"), text))
            .collect();
        check(&files)
    }

    #[test]
    fn a_name_in_three_crates_is_a_finding() {
        let three = [
            "pub(crate) struct Line<'a> {",
            "enum Line {",
            "pub type Line = ();",
        ];
        let expected = "type name Line stands in c0, c1, c2: name what each of them is";
        assert_eq!(found(&three), [expected]);
        assert!(found(&three[..2]).is_empty());
        assert!(found(&["pub enum Error {"; 3]).is_empty());
    }

    #[test]
    fn types_of_tests_and_impls_do_not_count() {
        assert!(found(&["    type Rejection = X;"; 3]).is_empty());
        assert!(found(&["    struct Line;"; 3]).is_empty());
        let tests = sample("crates/a/src/live/tests.rs", "struct Line;");
        let others = ["struct Line;"; 2];
        let mut files: Vec<File> = others
            .iter()
            .enumerate()
            .map(|(number, text)| sample(&format!("crates/c{number}/src/lib.rs"), text))
            .collect();
        files.push(tests);
        assert!(check(&files).is_empty());
    }
}
