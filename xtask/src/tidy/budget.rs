//! How long a file may be. The exceptions are named, and the list must shrink.

use super::{Finding, files::File};

const LIMIT: usize = 300;
const TEST_LIMIT: usize = 500;

/// Path and the most lines it may have. A new entry needs a reason beside it.
const EXCEPTIONS: [(&str, usize); 0] = [];

/// Checks all files with the list of exceptions.
pub(super) fn check(files: &[File]) -> Vec<Finding> {
    check_against(files, &EXCEPTIONS)
}

fn check_against(files: &[File], exceptions: &[(&str, usize)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.is_rust()) {
        let lines = file.text.lines().count();
        let limit = if file.is_test() { TEST_LIMIT } else { LIMIT };
        let exception = exceptions.iter().find(|(path, _)| *path == file.path);
        let (path, most) = (&file.path, exception.map_or(limit, |(_, most)| *most));
        if lines > most {
            findings.push(format!(
                "{path}: {lines} lines, at most {most}: split it by meaning"
            ));
        } else if exception.is_some() && lines <= limit {
            findings.push(format!(
                "{path}: {lines} lines: take it off the list of exceptions"
            ));
        }
    }
    for (path, _) in exceptions {
        if !files.iter().any(|file| file.path == *path) {
            findings.push(format!(
                "{path}: is gone: take it off the list of exceptions"
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::{super::files::sample, *};

    fn found(path: &str, lines: usize, exceptions: &[(&str, usize)]) -> Vec<Finding> {
        check_against(&[sample(path, &"x\n".repeat(lines))], exceptions)
    }

    #[test]
    fn a_long_file_is_a_finding() {
        assert_eq!(found("crates/a/src/b.rs", 301, &[]).len(), 1);
        assert!(found("crates/a/src/b.rs", 300, &[]).is_empty());
        assert!(found("crates/a/tests/it/b.rs", 500, &[]).is_empty());
        assert_eq!(found("crates/a/tests/it/b.rs", 501, &[]).len(), 1);
        assert!(found("docs/long.md", 999, &[]).is_empty());
    }

    #[test]
    fn an_exception_holds_up_to_its_number_and_must_be_needed() {
        let list = [("crates/a/src/b.rs", 400)];
        assert!(found("crates/a/src/b.rs", 400, &list).is_empty());
        assert_eq!(found("crates/a/src/b.rs", 401, &list).len(), 1);
        assert!(found("crates/a/src/b.rs", 299, &list)[0].contains("take it off"));
        assert!(found("crates/a/src/c.rs", 10, &list)[0].contains("is gone"));
    }
}
