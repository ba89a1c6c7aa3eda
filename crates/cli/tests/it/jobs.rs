//! `job list`, `get`, `cancel`, `retry`, `executors` and `stats`: tables for people, JSON for
//! machines.

use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Server, code, exits, poll, stderr, stdout};

const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";

fn submit(server: &Server, arguments: &[&str]) -> String {
    let script = server.script("job.sh", "echo out");
    server.submit(&[&[script.as_str()], arguments].concat())
}

#[test]
fn jobs_are_listed_filtered_and_shown() {
    let server = Server::start(&[]);
    let first = submit(&server, &["--type", "report", "--priority", "best_effort"]);
    let second = submit(&server, &["--label", "team=data", "--", "a b"]);
    let table = stdout(&server.run(&["job", "list"]));
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 3, "{table}");
    assert!(lines[0].starts_with("ID ") && lines[0].contains("  TYPE    STATUS   PRIORITY"));
    assert!(lines[1].starts_with(&second) && lines[1].contains("job.sh  pending  background"));
    assert!(lines[2].starts_with(&first) && lines[2].contains("report  pending  best_effort"));

    let filtered = server.json(&["job", "list", "--priority", "best_effort"]);
    assert_eq!(filtered.as_array().map(Vec::len), Some(1));
    assert_eq!(filtered[0]["id"], first.as_str());
    let skipped = server.json(&["job", "list", "--limit", "1", "--offset", "1"]);
    assert_eq!(skipped[0]["id"], first.as_str());
    assert_eq!(
        server.json(&["job", "list", "--type", "nothing"]),
        Value::Array(vec![])
    );
    let none = server.run(&["job", "list", "--type", "nothing"]);
    assert_eq!(stdout(&none), String::new());
    assert_eq!(stderr(&none), "no such jobs\n".to_owned());

    let shown = stdout(&server.run(&["job", "get", &second]));
    let field = |name: &str| {
        let line = shown.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim_start().to_owned())
    };
    assert_eq!(field("labels").as_deref(), Some("team=data"), "{shown}");
    assert_eq!(field("arguments").as_deref(), Some("[\"a b\"]"), "{shown}");
    assert_eq!(server.json(&["job", "get", &second])["arguments"][0], "a b");
}

#[test]
fn several_jobs_are_cancelled_and_one_refusal_does_not_stop_the_rest() {
    let server = Server::start(&[]);
    let [first, second] = [1, 2].map(|_| submit(&server, &[]));
    let output = server.run(&["job", "cancel", &first, UNKNOWN, &second]);
    exits(&output, 66);
    assert_eq!(
        stdout(&output),
        format!("{first}  cancelled\n{second}  cancelled\n")
    );
    let refusal = format!("error: {UNKNOWN}: job not found\n");
    assert_eq!(stderr(&output), refusal);
    let retried = server.run(&["job", "retry", &first]);
    assert_eq!(
        stdout(&retried),
        format!("{first}  pending\n"),
        "{}",
        stderr(&retried)
    );
}

#[test]
fn an_unknown_job_ends_with_66() {
    let server = Server::start(&[]);
    for arguments in [
        &["job", "get"][..],
        &["job", "logs"],
        &["job", "logs", "--follow"],
        &["job", "cancel"],
        &["job", "retry"],
        &["job", "wait"],
    ] {
        let output = server.run(&[arguments, &[UNKNOWN]].concat());
        assert_eq!(
            code(&output),
            Some(66),
            "{arguments:?}: {}",
            stderr(&output)
        );
        assert_eq!(stdout(&output), "");
    }
}

#[test]
fn executors_and_stats_are_counted() {
    let server = Server::start(&["--with-executor", "--slots=2"]);
    let table = poll("the executor is known", || {
        let table = stdout(&server.run(&["executors"]));
        table.contains("built-in-").then_some(table)
    });
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("NAME ") && lines.len() == 2, "{table}");
    assert_eq!(server.json(&["executors"])[0]["registration"]["slots"], 2);
    let id = submit(&server, &[]);
    exits(&server.run(&["job", "wait", &id]), 0);
    let stats = stdout(&server.run(&["stats"]));
    assert!(stats.contains("\ncompleted      1\n"), "{stats}");
    assert_eq!(server.json(&["stats"])["jobs_by_status"]["completed"], 1);
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let server = Server::start(&[]);
    submit(&server, &[]);
    let mut child = server
        .client(&["job", "list"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let end = child.wait_with_output().expect("it ends");
    assert_eq!(end.status.code(), Some(141));
    assert_eq!(stderr(&end), String::new());
}
