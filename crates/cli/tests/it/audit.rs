//! The audit from the command line: on the data directory beside a running server, and over HTTP.

use std::{path::Path, process::Output};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Server, code, exits, playhouse, stderr, stdout, wait_for};

fn good(output: &Output) -> String {
    exits(output, 0);
    stdout(output)
}

fn lines(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

#[test]
fn the_audit_is_read_and_verified_here_and_over_http() {
    let mut server = Server::start(&["--with-executor", "--isolation", "none"]);
    let program = server.script("program", "exit 0");
    good(&server.run(&["job", "submit", &program]));
    let key = good(&server.operate(&["key", "create", "me", "--role", "admin"]));
    let here = good(&server.operate(&["audit", "list", "--json", "--after", "0"]));
    let shown = |arguments: &[&str]| server.with_key(key.trim(), arguments);
    wait_for("the server hears of the key", || {
        code(&shown(&["job", "list"])) == Some(0)
    });
    let there = |arguments: &[&str]| good(&shown(arguments));
    assert_eq!(there(&["audit", "list", "--json", "--after", "0"]), here);
    let told: Vec<(String, String)> = lines(&here)
        .iter()
        .map(|line| {
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            (text(&line["action"]), text(&line["actor"]["id"]))
        })
        .collect();
    let expected = [
        ("binary.upload", "operator"),
        ("job.submit", "operator"),
        ("key.create", "operator"),
    ];
    let expected = expected.map(|(action, actor)| (action.to_owned(), actor.to_owned()));
    assert_eq!(told, expected);
    let table = there(&["audit", "list", "--action", "key.*"]);
    assert!(
        table.contains("NUMBER") && table.contains("me, role admin"),
        "{table}"
    );
    assert!(
        !table.contains("job.submit") && !table.contains("itk_"),
        "{table}"
    );
    let wrong = server.operate(&["audit", "list", "--since", "yesterday"]);
    exits(&wrong, 2);

    let verified = there(&["audit", "verify"]);
    let hash = lines(&here)[2]["hash"].as_str().expect("a hash").to_owned();
    assert!(
        verified.contains(&hash) && verified.contains("lines   3"),
        "{verified}"
    );
    server.kill();
    assert_eq!(good(&server.operate(&["audit", "verify"])), verified);
}

#[test]
fn a_changed_line_is_found_out() {
    let home = TempDir::new().expect("a temporary directory");
    let run = |data_dir: &str, arguments: &[&str]| {
        let mut command = playhouse(home.path());
        command.args(arguments);
        command.arg("--data-dir").arg(home.path().join(data_dir));
        command.output().expect("the binary starts")
    };
    good(&run("data", &["key", "create", "me", "--role", "admin"]));
    let copied = home.path().join("copied");
    std::fs::create_dir(&copied).expect("a directory");
    // A copy is one file.
    let file = copied.join("playhouse.db").display().to_string();
    good(&run("data", &["backup", &file]));
    let verified = good(&run("data", &["audit", "verify"]));
    assert_eq!(good(&run("copied", &["audit", "verify"])), verified);
    spoil(&copied);
    let broken = run("copied", &["audit", "verify"]);
    exits(&broken, 1);
    let said = stderr(&broken);
    assert!(said.contains("broken at line 1"), "{said}");
    let broken = run("copied", &["audit", "verify", "--json"]);
    exits(&broken, 1);
    assert_eq!(lines(&stdout(&broken))[0]["broken"]["number"], 1);
}

/// Changes a word of the line of the key, in the bytes of the database's file.
fn spoil(data_dir: &Path) {
    let path = data_dir.join("playhouse.db");
    let (from, to) = (b"me, role admin", b"me, role limit");
    let mut bytes = std::fs::read(&path).expect("the database");
    // Verified once, what was written ahead may be in a file of its own: it must not come back.
    for name in ["playhouse.db-wal", "playhouse.db-shm"] {
        let _ = std::fs::remove_file(data_dir.join(name));
    }
    let places: Vec<usize> = bytes
        .windows(from.len())
        .enumerate()
        .filter_map(|(place, window)| (window == from).then_some(place))
        .collect();
    assert!(!places.is_empty(), "the line is not in the file");
    for place in places {
        bytes[place..place + to.len()].copy_from_slice(to);
    }
    std::fs::write(&path, bytes).expect("the database");
}
