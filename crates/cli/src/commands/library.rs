//! The playbooks that `dev` begins with.

use std::{fs, io, path::Path};

const PLAYBOOKS: [(&str, &str); 2] = [
    ("tour.yaml", include_str!("library/tour.yaml")),
    ("http-checks.yaml", include_str!("library/http-checks.yaml")),
];

/// Writes the playbooks into a library that does not exist yet. What a user deletes stays deleted.
pub(super) fn fill(library: &Path) -> io::Result<()> {
    if library.exists() {
        return Ok(());
    }
    fs::create_dir_all(library)?;
    for (name, text) in PLAYBOOKS {
        fs::write(library.join(name), text)?;
    }
    fs::write(library.join("playbook.schema.json"), schema())
}

fn schema() -> String {
    // An object of strings and numbers has a JSON form.
    serde_json::to_string_pretty(&playbook::schema()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::PLAYBOOKS;

    #[test]
    fn they_can_be_started_and_nothing_is_wrong_with_them() {
        for (name, text) in PLAYBOOKS {
            let loaded = playbook::parse(text).expect(name);
            let problems = [loaded.warnings, playbook::check(&loaded.playbook)].concat();
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }
}
