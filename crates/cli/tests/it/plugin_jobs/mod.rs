//! Plugins and plugin jobs with the real binary.

mod between;
mod commands;
mod gate;
mod guide;
mod hosts;
mod jobs;
mod kills;
mod many;

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::PathBuf};

use serde_json::Value;

use crate::{
    events::Following,
    harness::{Process, Server, code, exits, poll, stdout},
};

/// A lease that ends while a test waits, and not while a loaded machine starts a process.
const SHORT_LEASES: [&str; 2] = ["--lease-seconds=6", "--scan-seconds=1"];

/// The events of a job of three plugins that completes, without those of its starts.
const COMPLETED: [&str; 6] = [
    "submitted",
    "ready",
    "plugin_completed one",
    "plugin_completed two",
    "plugin_completed three",
    "completed",
];

const METRICS: &str = "[[metrics]]\nname = \"n\"\ntype = \"integer\"\n";

/// Writes a process plugin into the plugins directory of a server's home, where its executors look.
/// The script is run for the call `execute`.
fn plugin(server: &Server, name: &str, script: &str) {
    let script = format!(
        "#!/bin/sh\nread -r call\ncase $call in *'\"call\":\"execute\"'*) {script};; esac\n"
    );
    folder(
        server,
        name,
        "kind = \"process\"\nentry = [\"./entry\"]\n",
        script.as_bytes(),
    );
}

fn component(server: &Server, name: &str) {
    let text = include_str!("../../../../executor/tests/it/plugins/component.wat");
    let bytes = wat::parse_str(text.replace("BODY", "")).expect("a component");
    folder(server, name, "kind = \"wasm\"\nentry = \"entry\"\n", &bytes);
}

fn folder(server: &Server, name: &str, kind: &str, content: &[u8]) {
    let folder = directory(server).join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let manifest = format!("name = \"{name}\"\nversion = \"1\"\n{kind}{METRICS}");
    fs::write(folder.join("plugin.toml"), manifest).expect("a manifest");
    fs::write(folder.join("entry"), content).expect("an entry");
    fs::set_permissions(folder.join("entry"), fs::Permissions::from_mode(0o755))
        .expect("it may be run");
}

/// Where every command and executor with this home finds plugins.
fn directory(server: &Server) -> PathBuf {
    server.home().join(".local/share/playhouse/plugins")
}

/// A script that notes its name in a file and measures.
fn noting(server: &Server, name: &str) -> String {
    let file = notes(server);
    format!(
        "echo {name} >>{}; echo '{{\"metric\": {{\"n\": 1}}}}'",
        file.display()
    )
}

/// What plugins noted, in order. They run without isolation: elsewhere they could not write there.
fn noted(server: &Server) -> Vec<String> {
    let text = fs::read_to_string(notes(server)).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn notes(server: &Server) -> PathBuf {
    server.home().join("notes")
}

/// An executor that is there to be killed.
fn executor(server: &Server, arguments: &[&str]) -> Process {
    server.start_executor("worker", &[&["--isolation=none"], arguments].concat())
}

/// Creates and starts a job of these plugins once there is somebody who has them, and answers its id.
fn submit(server: &Server, plugins: &[&str], more: &[&str]) -> String {
    let input = server.home().join("input.json");
    fs::write(&input, "{\"text\": \"to be or not to be\"}").expect("an input");
    let input = input.display().to_string();
    let mut arguments = vec!["plugin-job", "submit", "--detach", "--input", &input];
    for plugin in plugins {
        arguments.extend(["--plugin", plugin]);
    }
    arguments.extend(more);
    poll("an executor has the plugins", || {
        let submitted = server.run(&arguments);
        if code(&submitted) == Some(65) {
            return None;
        }
        exits(&submitted, 0);
        Some(stdout(&submitted).trim().to_owned())
    })
}

/// A plugin job as the server shows it.
fn job(server: &Server, id: &str) -> Value {
    server.json(&["plugin-job", "get", id])
}

/// The events of a job without those of its starts: where leases are short a loaded machine may miss a
/// renewal, and then there is one more.
fn without_starts(events: &[String]) -> Vec<&str> {
    let is_start = |event: &str| {
        event == "requeued" || event == "started" || event.starts_with("plugin_started")
    };
    let events = events.iter().map(String::as_str);
    events.filter(|event| !is_start(event)).collect()
}

/// All events of plugin jobs so far, of each job in their order: the type and the plugin.
fn events(following: &Following) -> BTreeMap<String, Vec<String>> {
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in following.seen.all() {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let word = text(&event["type"]);
        let word = word.trim_start_matches("plugin_job.");
        let line = format!("{word} {}", text(&event["data"]["plugin"]));
        let of_job = events.entry(text(&event["run_id"])).or_default();
        of_job.push(line.trim_end().to_owned());
    }
    events
}

/// Everything about plugin jobs from the beginning on.
fn follow(server: &Server) -> Following {
    Following::start(server, &["--after=0", "--kind=plugin_job"])
}

/// Waits until a job has ended, and for its last event.
fn ended(server: &Server, following: &Following, id: &str) -> (Value, Vec<String>) {
    let job = poll("the job ends", || {
        Some(job(server, id)).filter(|job| job["result"].is_object())
    });
    let last = match job["progress"]["status"].as_str() {
        Some("completed") => "completed",
        _ if job["progress"]["cancelled"] == true => "cancelled",
        _ => "failed",
    };
    let events = poll("its end is told", || {
        let events = events(following).remove(id)?;
        (events.last()? == last).then_some(events)
    });
    (job, events)
}
