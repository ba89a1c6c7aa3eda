//! The files of the library that steps name. They are pinned when an execution starts, so no template computes
//! their paths.

use serde_json::Value;

use crate::{
    Playbook, Position, Problem,
    template::{Piece, pieces},
};

/// A file of the library that a step names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// The path as the step has it: relative to the playbook's folder.
    pub path: String,
    /// The id of the step.
    pub step: String,
    /// Where the step stands.
    pub at: Position,
}

impl NamedFile {
    /// That it is not there.
    #[must_use]
    pub fn missing(&self) -> Problem {
        let Self { path, step, at } = self;
        Problem::error(
            *at,
            format!("step `{step}`: the file `{path}` does not exist"),
        )
    }
}

impl Playbook {
    /// The files that steps name: the programs of jobs, the files that are laid beside them, Compose files.
    #[must_use]
    pub fn files(&self) -> Vec<NamedFile> {
        let named = self
            .all_steps()
            .filter(|step| matches!(step.kind.as_str(), "job.run" | "playground.create"));
        let mut found: Vec<NamedFile> = named
            .flat_map(|step| {
                let files = step.parameters.get("files").and_then(Value::as_object);
                let files = files.into_iter().flat_map(|files| files.values());
                let files = files.filter_map(|file| file.get("file")?.as_str());
                let named = ["program", "compose"]
                    .into_iter()
                    .filter_map(|name| step.parameters.get(name)?.as_str());
                let paths = named.chain(files).filter(|path| is_plain(path));
                paths.map(move |path| NamedFile {
                    path: path.to_owned(),
                    step: step.id.clone(),
                    at: step.at,
                })
            })
            .collect();
        found.sort_by(|a, b| (&a.step, &a.path).cmp(&(&b.step, &b.path)));
        found.dedup();
        found
    }
}

/// The path in the library of a file that a playbook names, relative to the playbook's folder.
#[must_use]
pub fn beside(playbook: &str, file: &str) -> String {
    match playbook.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{file}"),
        None => file.to_owned(),
    }
}

/// Whether no template is in a text.
pub(crate) fn is_plain(text: &str) -> bool {
    let mut pieces = pieces(text).into_iter();
    pieces.all(|piece| matches!(piece, Piece::Text(_)))
}
