//! Writes the documents that come from the code, or checks that they are fresh.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line tool for people"
)]

mod step_types;

use std::{env, fs, path::Path, process::ExitCode};

use anyhow::{Context, Result, bail};

/// A document, relative to the root, and what makes it.
type Document = (&'static str, fn() -> String);

const DOCUMENTS: [Document; 3] = [
    ("docs/STATES.md", engine::states_markdown),
    ("docs/openapi.json", server::openapi_json),
    ("docs/step-types.md", step_types::markdown),
];

fn main() -> ExitCode {
    let check = env::args()
        .nth(1)
        .is_some_and(|argument| argument == "--check");
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    match generate(root, &DOCUMENTS, check) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn generate(root: &Path, documents: &[Document], check: bool) -> Result<()> {
    let mut stale = Vec::new();
    for (path, make) in documents {
        let wanted = make();
        let found = fs::read_to_string(root.join(path)).unwrap_or_default();
        if found == wanted {
            println!("{path}: fresh");
        } else if check {
            stale.push(*path);
        } else {
            fs::write(root.join(path), wanted)
                .with_context(|| format!("failed to write {path}"))?;
            println!("{path}: written");
        }
    }
    if !stale.is_empty() {
        bail!(
            "not fresh: {}; run `cargo xtask generate`",
            stale.join(", ")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_document_fails_the_check_and_is_left_alone() {
        let root = env::temp_dir().join(format!("playhouse-generate-{}", std::process::id()));
        fs::create_dir_all(&root).unwrap();
        let documents: [Document; 1] = [("a.md", || String::from("new\n"))];
        fs::write(root.join("a.md"), "old\n").unwrap();
        let error = generate(&root, &documents, true).unwrap_err();
        assert!(error.to_string().contains("a.md"));
        assert_eq!(fs::read_to_string(root.join("a.md")).unwrap(), "old\n");
        generate(&root, &documents, false).unwrap();
        generate(&root, &documents, true).unwrap();
        fs::remove_dir_all(&root).unwrap();
    }
}
