//! Names of branches.

use std::fmt;

use sha2::{Digest, Sha256};

use super::GitError;
use crate::hex;

/// The longest readable part of a name in a path.
const READABLE: usize = 40;

/// A valid name of a branch.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Branch(String);

impl Branch {
    /// Checks a name by git's rules.
    ///
    /// # Errors
    /// When git would not take it, or take it for something else.
    pub fn parse(name: &str) -> Result<Self, GitError> {
        let part =
            |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
        let valid = name.len() <= 255
            && !name.starts_with('-')
            && !name.ends_with('.')
            && name != "@"
            && name != "HEAD"
            && !name.contains("..")
            && !name.contains("@{")
            && !name.contains(|c: char| c.is_control() || " ~^:?*[\\".contains(c))
            && name.split('/').all(part);
        if valid {
            Ok(Self(name.to_owned()))
        } else {
            Err(GitError::BranchName(name.to_owned()))
        }
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// Where git keeps it.
    pub(super) fn reference(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl fmt::Display for Branch {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A name as one part of a path: lower case letters, digits, `-`, `_` and `.`; another one for each name.
#[must_use]
pub fn path_part(name: &str) -> String {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let readable: String = name
        .chars()
        .map(|c| c.to_ascii_lowercase())
        .map(|c| if allowed(c) { c } else { '-' })
        .take(READABLE)
        .collect();
    let readable = readable.trim_start_matches(['.', '-']);
    if readable == name && !name.is_empty() {
        return readable.to_owned();
    }
    format!("{readable}-{}", hex(&Sha256::digest(name)[..6]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_by_gits_rules() {
        for name in [
            "main",
            "feature/auth",
            "a.b",
            "v1-x_y",
            "ä",
            "dependabot/npm/x-1.2",
        ] {
            assert_eq!(Branch::parse(name).unwrap().name(), name);
        }
        for name in [
            "", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "/a", "a/",
            "a//b", ".a", "a/.b", "a.lock", "a.lock/b", "a.", "@", "a@{1}", "HEAD", "a\nb",
        ] {
            assert!(
                matches!(Branch::parse(name), Err(GitError::BranchName(_))),
                "{name:?}"
            );
        }
    }

    #[test]
    fn a_part_of_a_path_stays_in_its_place_and_is_unique() {
        assert_eq!(path_part("main"), "main");
        let parts = [
            "feature/auth",
            "feature-auth",
            "Feature-auth",
            "..",
            ".",
            "",
            "a/../../b",
            "-",
        ];
        let parts = parts.map(path_part);
        for (index, part) in parts.iter().enumerate() {
            assert!(
                !part.contains('/') && !part.starts_with('.') && !part.is_empty(),
                "{part}"
            );
            assert!(!parts[..index].contains(part), "{part}");
        }
        assert!(path_part(&"x".repeat(300)).len() < 64);
    }
}
