//! Exit codes and messages of bad usage. Nothing here needs a server.

use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::harness::{code, free_port, output, playhouse, says, stderr, stdout};

/// The code and the first line of standard error, as one line.
fn report(output: &Output) -> String {
    let text = stderr(output);
    let first = text
        .lines()
        .find(|line| !line.is_empty())
        .unwrap_or_default();
    format!("{}: {first}", code(output).unwrap_or(-1))
}

#[test]
fn bad_usage_ends_with_2_and_says_what_is_wrong() {
    let cases: &[&[&str]] = &[
        &["jobb"],
        &["job", "submit"],
        &["job", "submit", "--url", "http://h/x"],
        &["job", "submit", "--url", "ftp://h/x", "--sha256", "aa"],
        &["job", "submit", "--url", "http://h/x", "--sha256", "aa"],
        &["job", "submit", "p", "--type", "a b"],
        &["job", "submit", "p", "--priority", "urgent"],
        &["job", "submit", "p", "--env", "UNSET"],
        &["job", "submit", "p", "--env", "=value"],
        &["job", "submit", "p", "--env", ""],
        &["job", "submit", "p", "--label", "NAME"],
        &["job", "submit", "p", "--timeout", "soon"],
        &["job", "submit", "p", "--timeout", "500ms"],
        &["job", "submit", "p", "--max-attempts", "0"],
        &["job", "submit", "p", "--not-before", "tomorrow"],
        &["job", "submit", "p", "argument"],
        &["job", "cancel", "1", "--all"],
        &["job", "list", "--limit", "1001"],
        &["job", "list", "--limit", "-1"],
        &["job", "list", "--status", "done"],
        &["job", "logs", "1", "--stream", "both"],
        &["job", "wait"],
        &["stats", "--server", "ftp://127.0.0.1:8080"],
        &["server", "--lease-seconds", "0"],
        &["server", "--scan-seconds", "6"],
        &["server", "--trusted-proxy", "proxy.example"],
        &["executor", "--slots", "0"],
        &["executor", "--name", "a b"],
        &["executor", "--isolation", "total"],
        &["executor", "--memory-limit", "much"],
        &["stats", "--log", "info,server=loud"],
        &["stats", "--log", "debgu"],
        &["stats", "--config", "missing.toml"],
        &["backup", "copy.db", "--database-url", "postgres://h/d"],
    ];
    let reports: Vec<String> = cases
        .iter()
        .map(|arguments| format!("{}\n  {}", arguments.join(" "), report(&output(*arguments))))
        .collect();
    for line in &reports {
        assert!(line.contains("\n  2: error: "), "{line}");
    }
    insta::assert_snapshot!("bad-usage", reports.join("\n"));
}

#[test]
fn an_argument_in_the_wrong_place_is_told_where_it_belongs() {
    let tip = "tip: the program's own arguments come after `--`";
    assert!(stderr(&output(["job", "submit", "p", "argument"])).contains(tip));
    assert!(!stderr(&output(["job", "get", "1", "2"])).contains(tip));
}

#[test]
fn without_keys_only_loopback_is_listened_on() {
    let url = "--public-url=http://play.example";
    for command in ["server", "dev"] {
        for address in ["0.0.0.0:8080", "[::]:8080", "192.0.2.1:8080"] {
            let refused = output([command, "--listen", address, url]);
            assert_eq!(code(&refused), Some(2), "{command} {address}");
            let message = stderr(&refused);
            assert!(message.contains("without keys"), "{message}");
        }
    }
}

#[test]
fn a_missing_server_is_told_at_once_with_what_to_do() {
    let url = format!("http://127.0.0.1:{}", free_port());
    let home = TempDir::new().expect("a temporary directory can be made");
    std::fs::write(home.path().join("program"), "#!/bin/sh\n").expect("it can be written");
    let cases: &[&[&str]] = &[
        &["stats"],
        &["executors"],
        &["job", "list"],
        &["job", "get", "1"],
        &["job", "logs", "1"],
        &["job", "logs", "1", "--follow"],
        &["job", "cancel", "1", "2"],
        &["job", "wait", "1"],
        &["job", "submit", "program"],
    ];
    for arguments in cases {
        let mut command = playhouse(home.path());
        let answer = command
            .args(*arguments)
            .args(["--server", &url])
            .output()
            .expect("the binary starts");
        assert_eq!(
            code(&answer),
            Some(69),
            "{arguments:?}: {}",
            stderr(&answer)
        );
        assert_eq!(stdout(&answer), "");
        says(&answer, format!("Tried {url}."));
    }
}

#[test]
fn a_closed_pipe_is_no_panic() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let mut child = playhouse(home.path())
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    drop(child.stdout.take());
    let end = child.wait_with_output().expect("it ends");
    // Closing may come after the script fitted into the pipe; a panic would be 101.
    assert!(
        matches!(end.status.code(), Some(0 | 141)),
        "{:?}",
        end.status
    );
    assert_eq!(stderr(&end), "");
}
