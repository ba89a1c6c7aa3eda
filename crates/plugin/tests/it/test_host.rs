//! Plugins in temporary directories, and calls of them with a deadline.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

use plugin::{CancellationToken, Cause, Context, Failure, Plugin, PluginOutcome, process::Plain};
use serde_json::{Value, json};
use tempfile::TempDir;

/// No call of a test takes longer, whatever the plugin does.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

/// What most plugins of the tests measure.
pub(crate) const COUNT: &str = "[[metrics]]\nname = \"count\"\ntype = \"integer\"\n";

/// A directory for plugins.
pub(crate) struct TestHost {
    dir: TempDir,
}

impl TestHost {
    pub(crate) fn new() -> Self {
        Self {
            dir: TempDir::new().expect("a directory"),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes the files of a plugin's folder.
    pub(crate) fn folder(&self, name: &str, files: &[(&str, &[u8])]) -> PathBuf {
        let folder = self.path().join(name);
        for (file, content) in files {
            let path = folder.join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            fs::write(&path, content).expect("a file");
            if content.starts_with(b"#!") {
                fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
            }
        }
        folder
    }

    /// A plugin that is a shell script. `more` goes into its manifest.
    pub(crate) fn script(&self, name: &str, more: &str, script: &str) -> PathBuf {
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1\"\nkind = \"process\"\nentry = [\"./run\"]\n{more}"
        );
        let script = format!("#!/bin/sh\n{script}\n");
        self.folder(
            name,
            &[
                ("plugin.toml", manifest.as_bytes()),
                ("run", script.as_bytes()),
            ],
        )
    }

    /// A plugin that is a component.
    pub(crate) fn component(&self, name: &str, more: &str, component: &[u8]) -> PathBuf {
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1\"\nkind = \"wasm\"\nentry = \"it.wasm\"\n{more}"
        );
        self.folder(
            name,
            &[("plugin.toml", manifest.as_bytes()), ("it.wasm", component)],
        )
    }
}

pub(crate) fn load(folder: &Path) -> Plugin {
    Plugin::load(folder, None).expect("a good plugin")
}

/// A context with an input.
pub(crate) fn input(input: Value) -> Context {
    Context {
        job_id: String::from("job"),
        input: input.into(),
        ..Context::default()
    }
}

pub(crate) async fn execute(plugin: &Plugin, context: &Context) -> Result<PluginOutcome, Failure> {
    let (limits, cancel) = (plugin.manifest().limits, CancellationToken::new());
    let call = plugin.execute(context, &limits, &Plain, &cancel);
    tokio::time::timeout(DEADLINE, call)
        .await
        .expect("the host ends every call")
}

/// The cause of a failure over an input that does not matter.
pub(crate) async fn cause(folder: &Path) -> Cause {
    let failed = execute(&load(folder), &input(json!({}))).await;
    failed.expect_err("a failure").cause
}

/// The messages of a log.
pub(crate) fn messages(logs: &plugin::Logs) -> Vec<&str> {
    logs.lines.iter().map(|line| &*line.message).collect()
}
