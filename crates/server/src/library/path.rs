//! The paths of playbooks.

use std::fmt;

/// The longest path, in bytes.
const LENGTH_LIMIT: usize = 512;

/// Where a playbook is in the library: relative, with `/` between folders, `.yaml` or `.yml` at the end. It
/// cannot leave the library, whatever the file system makes of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PlaybookPath(String);

/// Where any file is in the library.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LibraryPath(String);

impl LibraryPath {
    /// Reads a path; an error says why it is not one.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() || text.len() > LENGTH_LIMIT {
            return Err("a path must have from 1 to 512 bytes");
        }
        if text.starts_with('/') {
            return Err("a path must be relative to the library");
        }
        // A percent sign would be a second encoding, which someone may decode again.
        let refused = |c: char| c.is_control() || matches!(c, '\\' | '%' | ':');
        if text.contains(refused) {
            return Err(
                "a path must not contain control characters, backslashes, colons or percent signs",
            );
        }
        for folder in text.split('/') {
            if folder.is_empty() || folder.starts_with('.') {
                return Err("a path must not contain `..`, hidden files or empty folders");
            }
            if folder.trim() != folder {
                return Err("a name in a path must not begin or end with a space");
            }
        }
        Ok(Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl PlaybookPath {
    /// Reads a path; an error says why it is not one.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let LibraryPath(text) = LibraryPath::parse(text)?;
        if !is_playbook(&text) {
            return Err("a path must end in .yaml or .yml");
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder, which is empty at the top, and the name of the file.
    pub(crate) fn split(&self) -> (&str, &str) {
        super::folder::split(&self.0)
    }
}

impl fmt::Display for PlaybookPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a file of this name is a playbook. Editors and the original leave copies beside it.
pub(crate) fn is_playbook(name: &str) -> bool {
    (name.ends_with(".yaml") || name.ends_with(".yml")) && !name.contains(".backup.")
}

#[cfg(test)]
mod tests {
    use super::PlaybookPath;

    #[test]
    fn a_path_stays_in_the_library() {
        for right in ["a.yaml", "gateway/module_upgrade.yml", "Ünï/a b-c.d.yaml"] {
            let path = PlaybookPath::parse(right).expect("a path");
            assert_eq!(path.as_str(), right);
        }
        let long = format!("{}.yaml", "a".repeat(510));
        for wrong in [
            "",
            "/etc/a.yaml",
            "../a.yaml",
            "a/../b.yaml",
            "a/./b.yaml",
            "a//b.yaml",
            "a/",
            ".hidden.yaml",
            ".git/a.yaml",
            "a\\..\\b.yaml",
            "C:\\a.yaml",
            "C:a.yaml",
            "a\0.yaml",
            "a\n.yaml",
            "%2e%2e/a.yaml",
            "a%2f..%2fb.yaml",
            " a.yaml",
            "a /b.yaml",
            "a.json",
            "yaml",
            "a.backup.20251024_231456.yaml",
            &long,
        ] {
            assert!(PlaybookPath::parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_path_has_a_folder_and_a_name() {
        let split = |text| PlaybookPath::parse(text).expect("a path").split() == ("a/b", "c.yaml");
        assert!(split("a/b/c.yaml"));
        let top = PlaybookPath::parse("c.yaml").expect("a path");
        assert_eq!(top.split(), ("", "c.yaml"));
    }
}
