//! What may stand in a file: module docs, SQL and axum in their crates only, no leftovers, names
//! that say something, no white space at the end of a line.

use super::{Finding, files::File};

/// Names that say nothing about what lives there.
const BANNED_NAMES: [&str; 8] = [
    "common", "helper", "helpers", "manager", "misc", "service", "util", "utils",
];

/// Starts of SQL statements. In the plain text of a comment or a message they do not occur in
/// capitals with what follows.
const SQL: [&str; 4] = ["SELECT ", "INSERT INTO", "DELETE FROM", "UPDATE "];

/// Put together here, so that this file does not hold them.
const LEFTOVERS: [&str; 4] = [
    concat!("todo", "!("),
    concat!("unimplemented", "!("),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
];

/// Checks all files.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    files.iter().flat_map(check_file).collect()
}

fn check_file(file: &File) -> Vec<Finding> {
    let path = &file.path;
    let mut findings = Vec::new();
    for (index, line) in file.text.lines().enumerate() {
        let mut report = |what: &str| findings.push(format!("{path}:{}: {what}", index + 1));
        if line.ends_with([' ', '\t', '\r']) {
            report("white space at the end of the line");
        }
        if !file.is_rust() {
            continue;
        }
        if LEFTOVERS.iter().any(|leftover| line.contains(leftover)) {
            report("a leftover of unfinished work");
        }
        // The tests of the binary play the database's operator, too.
        let elsewhere = outside(path, "crates/store/") && outside(path, "crates/cli/tests/");
        if elsewhere && holds_sql(line) {
            report("SQL outside crates/store");
        }
        if outside(path, "crates/server/") && !file.is_test() && line.contains("axum::") {
            report("axum outside crates/server");
        }
    }
    if file.is_rust() && !file.text.starts_with("//!") {
        findings.push(format!(
            "{path}: does not open with //! and what lives here"
        ));
    }
    if let Some(name) = banned_name(path) {
        findings.push(format!("{path}: the name `{name}` says nothing"));
    }
    findings
}

/// True in one of our crates that is not the given one. Tools may do anything.
fn outside(path: &str, home: &str) -> bool {
    path.starts_with("crates/") && !path.starts_with(home)
}

fn holds_sql(line: &str) -> bool {
    SQL.iter().any(|start| match line.find(start) {
        Some(at) if *start == "UPDATE " => line[at..].contains(" SET ") || line.ends_with(" SET"),
        found => found.is_some(),
    })
}

fn banned_name(path: &str) -> Option<&str> {
    let (stem, ending) = path.rsplit_once('.')?;
    let code = ending == "rs" && (path.starts_with("crates/") || path.starts_with("xtask/"));
    stem.split('/')
        .find(|part| code && BANNED_NAMES.contains(part))
}

#[cfg(test)]
mod tests {
    use super::{super::files::sample, *};

    fn found(path: &str, body: &str) -> Vec<Finding> {
        check(&[sample(path, &format!("//! Docs.\n{body}\n"))])
    }

    #[track_caller]
    fn breaks(path: &str, body: &str, what: &str) {
        let found = found(path, body);
        assert!(found.len() == 1 && found[0].contains(what), "{found:?}");
    }

    #[test]
    fn a_file_opens_with_its_docs() {
        let found = check(&[sample("crates/a/src/b.rs", "use std::fs;\n")]);
        assert_eq!(
            found,
            ["crates/a/src/b.rs: does not open with //! and what lives here"]
        );
    }

    #[test]
    fn sql_stays_in_the_store() {
        for sql in [
            "SELECT id FROM run",
            "INSERT INTO run",
            "DELETE FROM run",
            "UPDATE run SET a = 1",
        ] {
            breaks(
                "crates/server/src/b.rs",
                &format!("const Q: &str = \"{sql}\";"),
                "SQL",
            );
            assert!(found("crates/store/src/b.rs", sql).is_empty());
        }
        assert!(found("crates/server/src/b.rs", "// UPDATE is a word.").is_empty());
    }

    #[test]
    fn axum_stays_in_the_server() {
        breaks("crates/executor/src/b.rs", "use axum::Router;", "axum");
        assert!(found("crates/server/src/b.rs", "use axum::Router;").is_empty());
        // A test may need a server of its own to talk to.
        assert!(found("crates/executor/tests/it/b.rs", "use axum::Router;").is_empty());
    }

    #[test]
    fn leftovers_are_found() {
        for leftover in LEFTOVERS {
            breaks("crates/a/src/b.rs", leftover, "leftover");
        }
    }

    #[test]
    fn names_say_something() {
        breaks("crates/a/src/utils.rs", "", "`utils`");
        breaks("crates/a/src/common/mod.rs", "", "`common`");
        assert!(found("crates/a/src/commons.rs", "").is_empty());
    }

    #[test]
    fn no_white_space_at_the_end() {
        breaks("docs/a.md", "text ", "white space");
        breaks("crates/a/src/b.rs", "// text\t", "white space");
    }
}
