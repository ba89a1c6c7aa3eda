//! The playbooks that `dev` begins with.

use std::{fs, io, path::Path};

const PLAYBOOKS: [(&str, &str); 4] = [
    ("tour.yaml", include_str!("library/tour.yaml")),
    ("http-checks.yaml", include_str!("library/http-checks.yaml")),
    ("gated-job.yaml", include_str!("library/gated-job.yaml")),
    (
        "prove-branch.yaml",
        include_str!("library/prove-branch.yaml"),
    ),
];

/// The programs that they run, and the Compose files of their playgrounds.
const FILES: [(&str, &str); 3] = [
    (
        "tools/count-programs.sh",
        include_str!("library/tools/count-programs.sh"),
    ),
    (
        "prove-branch/compose.yaml",
        include_str!("library/prove-branch/compose.yaml"),
    ),
    (
        "prove-branch/load.py",
        include_str!("library/prove-branch/load.py"),
    ),
];

/// Writes the playbooks into a library that does not exist yet. What a user deletes stays deleted.
pub(super) fn fill(library: &Path) -> io::Result<()> {
    if library.exists() {
        return Ok(());
    }
    for (name, text) in PLAYBOOKS.into_iter().chain(FILES) {
        let place = library.join(name);
        fs::create_dir_all(place.parent().unwrap_or(library))?;
        fs::write(place, text)?;
    }
    fs::write(library.join("playbook.schema.json"), schema())
}

fn schema() -> String {
    // An object of strings and numbers has a JSON form.
    serde_json::to_string_pretty(&playbook::schema()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{FILES, PLAYBOOKS};

    #[test]
    fn they_can_be_started_and_nothing_is_wrong_with_them() {
        for (name, text) in PLAYBOOKS {
            let loaded = playbook::parse(text).expect(name);
            let problems = [loaded.warnings, playbook::check(&loaded.playbook)].concat();
            assert!(problems.is_empty(), "{name}: {problems:?}");
            for file in loaded.playbook.files() {
                assert!(FILES.iter().any(|(path, _)| *path == file.path), "{file:?}");
            }
        }
    }
}
