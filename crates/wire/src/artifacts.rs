//! Artefacts: what runs leave under names.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Timestamp;

/// Longest name, in bytes.
const NAME_LIMIT: usize = 1024;
/// Longest part of a name between slashes: what file systems take.
const PART_LIMIT: usize = 255;

/// One artefact of a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Artifact {
    /// A relative path, such as `report/index.html`.
    pub name: String,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// Their SHA-256.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub sha256: String,
    /// When it was stored.
    pub created_at: Timestamp,
    /// Which start of the run left it, from 1.
    pub attempt: i64,
}

/// Checks the name of an artefact or of a job's file: a relative path that leads nowhere else.
///
/// # Errors
/// Why it is refused.
pub fn check_name(name: &str) -> Result<(), String> {
    if name.len() > NAME_LIMIT {
        return Err(format!("must have at most {NAME_LIMIT} bytes"));
    }
    if name.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    for part in name.split('/') {
        if matches!(part, "" | "." | "..") {
            return Err("must be a relative path without empty parts, `.` and `..`".to_owned());
        }
        if part.len() > PART_LIMIT {
            return Err(format!(
                "must have at most {PART_LIMIT} bytes between slashes"
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check_name;

    #[test]
    fn names_are_relative_paths_that_stay_where_they_are() {
        let longest = format!("{}/{}", "a".repeat(255), "b".repeat(255));
        for right in [
            "a",
            "a b",
            "..a",
            "a/b.txt",
            ".hidden",
            "ä/日本",
            "a\\b",
            &longest,
        ] {
            assert_eq!(check_name(right), Ok(()), "{right}");
        }
        let (part, whole) = ("a".repeat(256), "a/".repeat(512) + "a");
        for wrong in [
            "",
            "/",
            "/etc/passwd",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/..",
            "a/../b",
            "a/./b",
            "a\0b",
            "a\nb",
            "a\x7fb",
            &part,
            &whole,
        ] {
            assert!(check_name(wrong).is_err(), "{wrong}");
        }
    }
}
