//! Only permissive licences, over every dependency of every target.

use serde_json::Value;

use super::Finding;

const ALLOWED: [&str; 13] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Zlib",
];

/// Every package must offer a choice of licences that are all allowed.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        match package["license"].as_str() {
            Some(expression) if allowed(expression) => {}
            Some(expression) => findings.push(format!("licence of {name}: {expression}")),
            None => findings.push(format!("licence of {name}: none is named")),
        }
    }
    findings
}

/// True when an SPDX expression can be satisfied by allowed licences alone. The old `MIT/Apache-2.0`
/// means a choice. What cannot be read is not allowed.
fn allowed(expression: &str) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    let outcome = any_of(&mut rest);
    outcome == Some(true) && rest.is_empty()
}

fn any_of(rest: &mut &[&str]) -> Option<bool> {
    let mut outcome = all_of(rest)?;
    while take(rest, "OR") {
        outcome |= all_of(rest)?;
    }
    Some(outcome)
}

fn all_of(rest: &mut &[&str]) -> Option<bool> {
    let mut outcome = one(rest)?;
    while take(rest, "AND") {
        outcome &= one(rest)?;
    }
    Some(outcome)
}

fn one(rest: &mut &[&str]) -> Option<bool> {
    if take(rest, "(") {
        let outcome = any_of(rest)?;
        return take(rest, ")").then_some(outcome);
    }
    let (first, after) = rest.split_first()?;
    *rest = after;
    let mut name = String::from(*first);
    if take(rest, "WITH") {
        let (exception, after) = rest.split_first()?;
        *rest = after;
        name = format!("{name} WITH {exception}");
    }
    Some(ALLOWED.contains(&name.as_str()))
}

fn take(rest: &mut &[&str], word: &str) -> bool {
    match rest.split_first() {
        Some((first, after)) if *first == word => {
            *rest = after;
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_are_read_as_spdx_does() {
        for good in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "(MIT OR GPL-3.0) AND ISC",
        ] {
            assert!(allowed(good), "{good}");
        }
        assert!(allowed(
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"
        ));
        for bad in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "GPL-3.0 OR MIT AND GPL-2.0",
            "MIT WITH x",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
        for unreadable in ["", "MIT OR", "(MIT", "MIT MIT", ")"] {
            assert!(!allowed(unreadable), "{unreadable}");
        }
    }

    #[test]
    fn a_package_without_a_licence_is_a_finding() {
        let found = check(&json!({"packages": [
            {"name": "free", "license": "MIT"},
            {"name": "copyleft", "license": "AGPL-3.0"},
            {"name": "silent", "license": null},
        ]}));
        assert_eq!(
            found,
            [
                "licence of copyleft: AGPL-3.0",
                "licence of silent: none is named"
            ]
        );
    }
}
