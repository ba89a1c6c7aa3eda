//! `playhouse plugin-job`, against a server with an executor.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::{job, plugin, submit};
use crate::harness::{Server, code, exits, json, prints, says, stderr, stdout, wait_for};

#[test]
fn a_submitted_job_is_followed_and_its_metrics_are_printed() {
    let server = Server::start(&["--with-executor"]);
    let input = server.script("input.json", "");
    std::fs::write(
        &input,
        "{\"text\": \"To be or not to be, that is the question.\"}",
    )
    .expect("an input");
    // The shipped plugins are there at the first run.
    let arguments = [
        "plugin-job",
        "submit",
        "-p",
        "text-stats",
        "-i",
        &input,
        "--debug",
    ];
    registered(&server);
    let submitted = server.run(&arguments);
    let told = stderr(&submitted);
    assert_eq!(code(&submitted), Some(0), "{told}");
    let table = stdout(&submitted);
    assert!(
        table.starts_with("PLUGIN      STATUS     METRIC"),
        "{table}"
    );
    assert!(has_metric(&table, "words", "10"), "{table}");
    for word in [
        "plugin text-stats started",
        "plugin text-stats completed in",
        " completed\n",
    ] {
        assert!(told.contains(word), "{told}");
    }
    let list = server.json(&["plugin-job", "list"]);
    let id = list[0]["id"].as_str().expect("an id");
    let shown = stdout(&server.run(&["plugin-job", "get", id]));
    assert!(shown.ends_with(&table), "{shown}");
    let known = stdout(&server.run(&["plugin", "list", "--on-server", "--json"]));
    assert!(known.lines().count() >= 5, "{known}");
}

/// Waits until the built-in executor is there.
fn registered(server: &Server) {
    wait_for("the executor has registered", || {
        server.answers("/readyz", "200")
    });
}

/// Whether a line of a table ends with this metric and its value.
fn has_metric(table: &str, name: &str, value: &str) -> bool {
    table.lines().any(|line| {
        let mut words = line.split_whitespace().rev();
        words.next() == Some(value) && words.next() == Some(name)
    })
}

/// The metrics of a job that was printed as JSON, by plugin.
fn metrics(submitted: &std::process::Output) -> Vec<Value> {
    let job = json(submitted);
    let metrics = job["result"]["metrics"].as_array();
    metrics.expect("metrics").clone()
}

#[test]
fn a_job_that_names_no_plugins_runs_those_that_take_its_input() {
    let server = Server::start(&["--with-executor"]);
    registered(&server);
    let text = server.run(&["plugin-job", "submit", "--json", "--text", "hello world"]);
    exits(&text, 0);
    let all = metrics(&text);
    assert_eq!(all.len(), 3, "{all:?}");
    assert_eq!(all[0]["text-stats"]["words"], 2, "{all:?}");
    assert_eq!(all[1]["web-page"]["words"], 2, "{all:?}");
    assert_eq!(all[2]["log-lint"]["lines"], 1, "{all:?}");

    let input = server.home().join("page.json");
    for (document, runs, skipped) in [
        (
            json!({"text": "hello"}),
            "text-stats",
            ["web-page", "log-lint"],
        ),
        (
            json!({"html": "<p>hello"}),
            "web-page",
            ["text-stats", "log-lint"],
        ),
        (
            json!({"log": "ERROR 1"}),
            "log-lint",
            ["text-stats", "web-page"],
        ),
    ] {
        std::fs::write(&input, document.to_string()).expect("an input");
        let input = input.display().to_string();
        let submitted = server.run(&["plugin-job", "submit", "--json", "--input", &input]);
        let told = stderr(&submitted);
        assert_eq!(code(&submitted), Some(0), "{told}");
        let all = metrics(&submitted);
        assert!(all.len() == 1 && all[0].get(runs).is_some(), "{all:?}");
        for name in skipped {
            assert!(told.contains(&format!("plugin {name} skipped: ")), "{told}");
        }
    }
    let list = server.json(&["plugin-job", "list", "--limit=1"]);
    let id = list[0]["id"].as_str().expect("an id");
    let shown = stdout(&server.run(&["plugin-job", "get", id]));
    let line = shown.lines().find(|line| line.starts_with("web-page"));
    let line = line.expect("it is listed");
    assert!(
        line.contains("skipped") && line.contains("`html`"),
        "{line}"
    );

    std::fs::write(&input, "7").expect("an input");
    let input = input.display().to_string();
    let nobody = server.run(&["plugin-job", "submit", "--json", "--input", &input]);
    exits(&nobody, 120);
    says(&nobody, "no plugin takes the input: ");
    let named = server.run(&["plugin-job", "submit", "-p", "web-page", "--input", &input]);
    exits(&named, 120);
    says(&named, "plugin `web-page` failed");
}

#[test]
fn ctrl_c_detaches_and_says_how_to_go_on() {
    let server = Server::start(&["--with-executor"]);
    plugin(&server, "slow", "sleep 60; echo '{\"metric\": {\"n\": 1}}'");
    // Whoever submits finds the plugin there.
    let known = submit(&server, &["slow"], &[]);
    let arguments = ["plugin-job", "submit", "-p", "slow", "--text", "to be"];
    let mut watched = server.watch("watched", &arguments);
    wait_for("the job is confirmed", || {
        watched.stderr().contains("started")
    });
    watched.signal(Signal::SIGINT);
    assert_eq!(watched.finish().0, Some(130));
    let said = watched.stderr();
    for hint in ["wait", "cancel"] {
        let hint = format!("playhouse plugin-job {hint} --server {} ", server.url());
        assert!(said.contains(&hint), "{said}");
    }
    server.run(&["plugin-job", "cancel", &known]);
}

#[test]
fn jobs_are_listed_by_their_status() {
    let server = Server::start(&["--with-executor"]);
    plugin(
        &server,
        "bad",
        "echo '{\"error\": {\"message\": \"never\"}}'",
    );
    plugin(&server, "good", &super::noting(&server, "good"));
    let bad = submit(&server, &["bad"], &["--retries=0"]);
    let good = submit(&server, &["good"], &[]);
    server.run(&["plugin-job", "wait", &bad, &good]);
    let listed = |status: &str| {
        let list = server.json(&["plugin-job", "list", "--status", status]);
        let ids = list
            .as_array()
            .expect("a list")
            .iter()
            .map(|job| job["id"].as_str().expect("an id").to_owned());
        ids.collect::<Vec<_>>()
    };
    assert_eq!(listed("failed"), [bad]);
    assert_eq!(listed("completed"), [good]);
    assert_eq!(listed("running"), [""; 0]);
    let none = server.run(&["plugin-job", "list", "--status", "queued"]);
    says(&none, "no such plugin jobs");
    let wrong = server.run(&["plugin-job", "list", "--status", "pending"]);
    exits(&wrong, 2);
}

#[test]
fn a_job_that_fails_or_is_cancelled_has_a_code_of_its_own() {
    let server = Server::start(&["--with-executor"]);
    plugin(
        &server,
        "bad",
        "echo '{\"error\": {\"message\": \"never\"}}'",
    );
    plugin(&server, "slow", "sleep 60; echo '{\"metric\": {\"n\": 1}}'");
    let failed = submit(&server, &["bad"], &["--retries=0"]);
    let waited = server.run(&["plugin-job", "wait", &failed]);
    exits(&waited, 120);
    prints(&waited, "plugin `bad` failed: never");
    let slow = submit(&server, &["slow"], &[]);
    wait_for("it runs", || {
        job(&server, &slow)["progress"]["currentPlugin"] == json!("slow")
    });
    let cancelled = server.run(&["plugin-job", "cancel", &slow]);
    exits(&cancelled, 0);
    let waited = server.run(&["plugin-job", "wait", &slow]);
    exits(&waited, 121);
    let late = submit(&server, &["slow"], &["--timeout=500ms"]);
    let waited = server.run(&["plugin-job", "wait", &late]);
    exits(&waited, 124);
}

#[test]
fn what_is_wrong_with_a_submission_is_told() {
    let server = Server::start(&["--with-executor"]);
    registered(&server);
    let input = server.script("input.json", "");
    let no_json = server.run(&["plugin-job", "submit", "--json", "--input", &input]);
    exits(&no_json, 2);
    std::fs::write(&input, "{}").expect("an input");
    let unknown = server.run(&["plugin-job", "submit", "-p", "none", "--input", &input]);
    exits(&unknown, 65);
    says(&unknown, "text-stats");
    let missing = server.run(&["plugin-job", "get", "019ab000-0000-7000-8000-000000000000"]);
    exits(&missing, 66);
}

#[test]
fn what_a_plugin_leaves_is_an_artefact_of_the_job() {
    let server = Server::start(&["--with-executor"]);
    let script = "echo picture >$OUTPUT_DIR/page.png; echo '{\"metric\": {\"n\": 1}}'";
    plugin(&server, "camera", script);
    let id = submit(&server, &["camera"], &[]);
    exits(&server.run(&["plugin-job", "wait", &id]), 0);
    let printed = server.run(&["run", "download", &id, "camera/page.png", "-o", "-"]);
    exits(&printed, 0);
    assert_eq!(stdout(&printed), "picture\n");
}
