//! Plugin jobs between a fake server and real plugins: processes behind the shim, and components.

mod artifacts;
mod hostile;
mod pipeline;
mod stops;
mod told;

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use executor::{AllowedPath, Plugins, Settings};
use tempfile::TempDir;
use wire::executors::{AdvanceRun, EndedPlugin, PluginState, Stage};

use crate::test_executor::TestExecutor;

/// What every plugin of these tests measures.
const METRICS: &str = "[[metrics]]\nname = \"n\"\ntype = \"integer\"\n";

/// A component that answers `{"n": 1}`; `BODY` stands before that.
const COMPONENT: &str = include_str!("component.wat");

/// A directory of plugins.
struct PluginRegistry(TempDir);

impl PluginRegistry {
    fn new() -> Self {
        Self(TempDir::new().expect("a directory"))
    }

    fn folder(&self, name: &str, kind: &str, more: &str, content: &[u8]) {
        let entry = match kind {
            "wasm" => "\"entry\"",
            _ => "[\"./entry\"]",
        };
        // Put in place whole, as an installation does it.
        let folder = self.0.path().join(format!(".{name}"));
        fs::create_dir_all(&folder).expect("a folder");
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1\"\nkind = \"{kind}\"\nentry = {entry}\n{more}{METRICS}"
        );
        fs::write(folder.join("plugin.toml"), manifest).expect("a manifest");
        fs::write(folder.join("entry"), content).expect("an entry");
        fs::set_permissions(folder.join("entry"), fs::Permissions::from_mode(0o755))
            .expect("it may be run");
        fs::rename(&folder, self.0.path().join(name)).expect("it is put in place");
    }

    /// A process plugin: a script that has its call in `$call`.
    fn script(&self, name: &str, more: &str, script: &str) {
        let script = format!("#!/bin/sh\nread -r call\n{script}\n");
        self.folder(name, "process", more, script.as_bytes());
    }

    /// A process plugin that measures and does nothing else.
    fn counter(&self, name: &str, n: u32) {
        self.script(
            name,
            "",
            &execute(&format!("echo '{{\"metric\": {{\"n\": {n}}}}}'")),
        );
    }

    /// A process plugin that measures when the file is there whose path is answered.
    fn gated(&self, name: &str) -> PathBuf {
        let gate = self.gates().join(name);
        let script = format!(
            "while ! [ -e {} ]; do sleep 0.01; done; echo '{{\"metric\": {{\"n\": 1}}}}'",
            gate.display()
        );
        self.script(name, "", &execute(&script));
        gate
    }

    fn component(&self, name: &str, more: &str, body: &str) {
        let text = COMPONENT.replace("BODY", body);
        self.folder(
            name,
            "wasm",
            more,
            &wat::parse_str(text).expect("a component"),
        );
    }

    /// Where plugins wait for what a test does meanwhile.
    fn gates(&self) -> PathBuf {
        let gates = self.0.path().join(".gates");
        fs::create_dir_all(&gates).expect("a directory");
        gates
    }

    async fn executor(&self, change: impl FnOnce(&mut Settings)) -> TestExecutor {
        TestExecutor::new(|settings| {
            settings.plugins = Some(Plugins {
                directory: self.0.path().to_owned(),
                compiled: Some(settings.cache_dir.with_file_name("compiled")),
                shipped: Vec::new(),
                without: Vec::new(),
            });
            settings.allow_paths.push(AllowedPath {
                path: self.gates(),
                writable: false,
            });
            change(settings);
        })
        .await
    }
}

/// A script that acts on the call `execute` only.
fn execute(script: &str) -> String {
    format!("case $call in *'\"call\":\"execute\"'*) {script};; esac")
}

/// Lets the gated plugin of the job `job` end once it runs, while the server is away.
async fn gate_opens_while_away(executor: &TestExecutor, gate: &Path) {
    let started = |executor: &TestExecutor| !executor.server.notes("job").is_empty();
    executor.wait_for("it is started", started).await;
    executor.works(true).await;
    executor.server.change(|state| state.away = true);
    fs::write(gate, "").expect("a file");
    executor.works(false).await;
}

/// What the plugins of a job left, as it was reported.
#[derive(Debug, Default)]
struct Left {
    ended: Vec<EndedPlugin>,
    /// The tries of those that ended.
    tries: Vec<u32>,
    state: PluginState,
}

fn left(executor: &TestExecutor, id: &str) -> Left {
    let mut left = Left::default();
    for note in executor.server.notes(id) {
        for part in note.parts {
            if let Some(body) = part.body {
                left.ended
                    .push(serde_json::from_str(body.get()).expect("a body"));
                left.tries.push(part.tries);
            }
        }
        if let Some(state) = note.state {
            left.state = serde_json::from_str(state.get()).expect("a state");
        }
    }
    left
}

/// What was reported of plugins, in order: `+` started, for the first time in this attempt, a name
/// completed, `!` failed, `-` skipped.
fn told(notes: &[AdvanceRun]) -> Vec<String> {
    let word = |stage| match stage {
        Stage::Started => "+",
        Stage::Completed => "",
        Stage::Failed => "!",
        Stage::Skipped => "-",
        Stage::Cancelled | Stage::Interrupted => "?",
    };
    let parts = notes.iter().flat_map(|note| &note.parts);
    let mut words: Vec<String> = parts
        .map(|part| format!("{}{}", word(part.stage), part.name))
        .collect();
    words.dedup();
    words
}
