//! `playhouse run`.

use serde_json::Value;

use crate::harness::{Server, exits, prints, says, stderr, stdout};

fn submitted(server: &Server, arguments: &[&str]) -> String {
    let program = server.script("program.sh", "#!/bin/sh\necho out; echo err >&2; exit 3\n");
    let submit = ["job", "submit", "--detach", &program];
    let output = server.run(&[&submit[..], arguments].concat());
    exits(&output, 0);
    stdout(&output).trim().to_owned()
}

#[test]
fn runs_are_listed_shown_and_controlled() {
    let server = Server::start(&[]);
    let empty = server.run(&["run", "list"]);
    exits(&empty, 0);
    says(
        &empty,
        "no runs; submit one with `playhouse job submit ./program`",
    );
    let first = submitted(&server, &["--label=team=data", "--label=note=a,b"]);
    let second = submitted(&server, &["--type", "other"]);

    let list = stdout(&server.run(&["run", "list"]));
    let lines: Vec<&str> = list.lines().collect();
    assert_eq!(lines.len(), 3, "{list}");
    assert!(
        lines[0].starts_with("ID ") && lines[0].contains("LABELS"),
        "{list}"
    );
    assert!(
        lines[1].starts_with(&second) && lines[1].contains("  other  "),
        "{list}"
    );
    assert!(
        lines[2].starts_with(&first) && lines[2].ends_with("team=data"),
        "{list}"
    );
    let found = [
        "run",
        "list",
        "--json",
        "--label=team=data",
        "--label=note=a,b",
        "--status=queued",
        "--kind=job",
    ];
    let found: Value = serde_json::from_str(&stdout(&server.run(&found))).expect("one line");
    assert_eq!(found["id"], *first);
    let page = server.run(&["run", "list", "--limit=1"]);
    says(&page, format!("there are more: --cursor {second}"));
    let rest = stdout(&server.run(&["run", "list", "--json", "--cursor", &second]));
    assert_eq!(rest.lines().count(), 1, "{rest}");
    says(
        &server.run(&["run", "list", "--text=nothing"]),
        "no such runs",
    );

    // The ids differ at their end: their times are close.
    let shown = server.run(&["run", "get", &first[..35]]);
    exits(&shown, 0);
    prints(&shown, "you can    pause, cancel");
    let asked = |control: &str, standing: &str| {
        let output = server.run(&["run", control, &first]);
        exits(&output, 0);
        assert_eq!(stdout(&output), format!("{first}  {standing}\n"));
    };
    asked("pause", "paused");
    asked("resume", "queued");
    asked("cancel", "cancelled");
    asked("retry", "queued");
}

#[test]
fn what_cannot_be_done_is_said() {
    let server = Server::start(&[]);
    // Ids of the same minute or so begin alike.
    let id = loop {
        let (one, other) = (submitted(&server, &[]), submitted(&server, &[]));
        if one[..8] == other[..8] {
            break one;
        }
    };
    let refused = |arguments: &[&str], code: i32, message: &str| {
        let output = server.run(&[&["run"], arguments].concat());
        exits(&output, code);
        says(&output, message);
    };
    refused(&["skip", &id], 65, "jobs cannot be skipped");
    refused(
        &["resume", &id],
        65,
        "the job is queued, so it cannot be resumed",
    );
    refused(&["get", "0199"], 2, "`0199` is too short: give a run's id");
    refused(
        &["get", "00000000"],
        66,
        "no run has an id that begins with 00000000",
    );
    let gone = "00000000-0000-7000-8000-000000000000";
    refused(&["get", gone], 66, "there is no run 00000000");
    refused(
        &["cancel", &id[..8]],
        2,
        "several runs have an id that begins with",
    );
    refused(&["list", "--status=pending"], 2, "invalid value 'pending'");
}

#[test]
fn a_watched_run_shows_events_and_output_and_ends_as_it_ended() {
    let server = Server::start(&["--with-executor"]);
    let id = submitted(&server, &[]);
    for _ in 0..2 {
        // Live, and once more when it has ended.
        let watched = server.run(&["run", "watch", &id]);
        exits(&watched, 3);
        assert_eq!(stdout(&watched), "out\n");
        let told = stderr(&watched);
        for text in ["  job.submitted\n", "  job.failed\n", "err\n", " failed: "] {
            assert!(told.contains(text), "{text}: {told}");
        }
    }
    let json = server.run(&["run", "watch", "--json", &id]);
    exits(&json, 3);
    let run: Value = serde_json::from_str(&stdout(&json)).expect("a run");
    assert_eq!(run["exit_code"], 3);
}
