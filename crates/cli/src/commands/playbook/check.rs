//! `playbook check`.

use std::{fs, path::Path};

use playbook::{Loaded, Severity};
use wire::playbooks::PlaybookProblem;

use crate::{
    args::CheckPlaybooks,
    exit::{Exit, Failure},
    output::{print_line, say},
    table::plain,
};

pub(super) fn run(check: &CheckPlaybooks) -> Result<Exit, Failure> {
    let mut failed = 0;
    for file in &check.files {
        let shown = file.display().to_string();
        let text = fs::read_to_string(file)
            .map_err(|error| Failure::io(format!("cannot read {shown}"), &error))?;
        let mut problems = playbook::problems(&text);
        if let Ok(Loaded { playbook, .. }) = playbook::parse(&text) {
            let folder = file.parent().unwrap_or(Path::new(""));
            let files = playbook.files().into_iter();
            let missing = files.filter(|one| !folder.join(&one.path).is_file());
            problems.extend(missing.map(|one| one.missing()));
        }
        for problem in &problems {
            print_line(&plain(&format!("{shown}:{problem}")))?;
        }
        failed += usize::from(problems.iter().any(|one| one.severity == Severity::Error));
    }
    let count = check.files.len();
    match failed {
        0 => {
            say(&format!("{count} checked; all can be started"));
            Ok(Exit::OK)
        }
        failed => {
            say(&format!("{count} checked; {failed} cannot be started"));
            Ok(Exit::FAILED)
        }
    }
}

/// A problem that the server found.
pub(super) fn line(problem: &PlaybookProblem) -> String {
    let place = [problem.line, problem.column].into_iter().flatten();
    let place: String = place.map(|number| format!("{number}:")).collect();
    let path = problem.path.as_deref().unwrap_or("playbook");
    format!("{path}:{place} {}", problem.message)
}
