//! An executor joins with a token, keeps its key, and needs no token when it starts again.

use std::{os::unix::fs::PermissionsExt, path::Path};

use serde_json::Value;

use crate::harness::{Process, Server, code, exits, json, poll, stderr, stdout, wait_for};

/// Runs `key …` on the server's data directory, beside it.
fn operate(server: &Server, arguments: &[&str]) -> String {
    let done = server.operate(&[&["key"], arguments].concat());
    exits(&done, 0);
    stdout(&done).trim().to_owned()
}

/// Makes the first key, and waits until the server has heard of it.
fn admin(server: &Server) -> String {
    let key = operate(server, &["create", "me", "--role", "admin"]);
    wait_for("the key is good", || {
        code(&server.with_key(&key, &["job", "list"])) == Some(0)
    });
    key
}

/// An executor, started with a token if one is given; `run` tells its log from others of the name.
fn executor(server: &Server, name: &str, run: &str, token: Option<&str>) -> Process {
    let mut command = server.executor(name, &["--isolation", "none"]);
    if let Some(token) = token {
        command.env("PLAYHOUSE_JOIN", token);
    }
    Process::start(command, server.home().join(format!("{name}-{run}.log")))
}

/// Runs a job, which only the executor at work can do.
fn performs(server: &Server, admin: &str) {
    let program = server.script("program", "echo done");
    let run = server.with_key(admin, &["job", "submit", &program]);
    assert_eq!(stdout(&run), "done\n", "{}", stderr(&run));
}

/// Whether a text stands in a file of the directory, or below it.
fn stands_in(dir: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(stands_in(&path, text));
        } else if let Ok(bytes) = std::fs::read(&path)
            && bytes
                .windows(text.len())
                .any(|part| part == text.as_bytes())
        {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn an_executor_joins_once_and_starts_again_without_a_token() {
    let server = Server::start(&[]);
    let admin = admin(&server);
    let token = operate(&server, &["join-token", "--expires-in-minutes", "5"]);
    assert!(token.starts_with("join_"), "{token}");

    let mut first = executor(&server, "builder-1", "first", Some(&token));
    performs(&server, &admin);
    let file = server
        .home()
        .join(".local/state/playhouse/builder-1/key.json");
    let metadata = std::fs::metadata(&file).expect("the key is kept");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
    let dir = file.parent().expect("its directory");
    let metadata = std::fs::metadata(dir).expect("its directory");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o700);
    let kept: Value =
        serde_json::from_slice(&std::fs::read(&file).expect("the key is kept")).expect("JSON");
    let key = kept["key"].as_str().expect("a key").to_owned();
    first.stop();

    // Without a token, and with the one that it had.
    for (run, token) in [("second", None), ("third", Some(token.as_str()))] {
        let mut again = executor(&server, "builder-1", run, token);
        performs(&server, &admin);
        again.stop();
    }

    // Nobody else joins with it.
    let mut other = executor(&server, "builder-2", "first", Some(&token));
    let (status, said) = end(&mut other);
    assert_eq!(status, Some(65), "{said}");
    assert!(
        said.contains("join-token") && !said.contains(&token),
        "{said}"
    );

    // Its key is at home in one file, and neither stands in what was logged or stored.
    assert_eq!(stands_in(server.home(), &key), [file.display().to_string()]);
    assert_eq!(
        stands_in(server.home(), &token),
        [file.display().to_string()]
    );
}

#[test]
fn a_revoked_executor_joins_again_with_another_token() {
    let server = Server::start(&[]);
    let admin = admin(&server);
    let made = server.with_key(&admin, &["key", "join-token", "--json"]);
    let token = json(&made)["token"].as_str().expect("a token").to_owned();
    let mut first = executor(&server, "builder", "first", Some(&token));
    performs(&server, &admin);
    first.stop();

    // While its key is good, nobody takes its name.
    let token = operate(&server, &["join-token"]);
    let mut command = server.executor("builder", &["--isolation", "none", "--join", &token]);
    command.args(["--state-dir", "elsewhere"]);
    let mut taken = Process::start(command, server.home().join("taken.log"));
    let (status, said) = end(&mut taken);
    assert_eq!(status, Some(65), "{said}");
    assert!(said.contains("The token is still good"), "{said}");

    let keys: Value = serde_json::from_str(&operate(&server, &["list", "--json"])).expect("JSON");
    let keys = keys.as_array().expect("a list");
    let key = keys.iter().find(|key| key["role"] == "executor");
    operate(
        &server,
        &[
            "revoke",
            key.expect("its key")["id"].as_str().expect("an id"),
        ],
    );
    let file = server
        .home()
        .join(".local/state/playhouse/builder/key.json");
    let kept = std::fs::read(file).expect("the key is kept");
    let kept: Value = serde_json::from_slice(&kept).expect("JSON");
    poll("the server has heard of it", || {
        let listed = server.with_key(kept["key"].as_str()?, &["job", "list"]);
        stderr(&listed).contains("was revoked").then_some(())
    });
    let mut refused = executor(&server, "builder", "revoked", None);
    let (status, said) = end(&mut refused);
    assert_eq!(status, Some(65), "{said}");
    let mut again = executor(&server, "builder", "again", Some(&token));
    performs(&server, &admin);
    again.stop();
}

#[test]
fn nobody_joins_as_an_executor_that_was_at_work_without_a_key() {
    let server = Server::start(&["--lease-seconds=5", "--scan-seconds=1"]);
    let keyless = executor(&server, "builder", "keyless", None);
    wait_for("it is at work", || {
        let listed = server.run(&["executors"]);
        stdout(&listed).contains("builder")
    });
    let admin = admin(&server);
    let token = operate(&server, &["join-token"]);
    let mut refused = executor(&server, "builder", "early", Some(&token));
    let (status, said) = end(&mut refused);
    assert_eq!(status, Some(65), "{said}");
    for word in ["without a key of its own", "The token is still good"] {
        assert!(said.contains(word) && !said.contains(&token), "{said}");
    }
    drop(keyless);
    let mut inside = executor(&server, "built-in-here", "inside", Some(&token));
    let (status, said) = end(&mut inside);
    assert_eq!(status, Some(65), "{said}");
    assert!(said.contains("executors in servers"), "{said}");
    // Two leases after it was heard of it is nobody any more.
    let mut joined = poll("the name is free", || {
        let mut again = executor(&server, "builder", "again", Some(&token));
        let kept = server.home();
        let kept = kept.join(".local/state/playhouse/builder/key.json");
        while again.ended().is_none() {
            if kept.exists() {
                return Some(again);
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        None
    });
    performs(&server, &admin);
    joined.stop();
}

#[test]
fn a_kept_key_is_shown_to_no_other_server_and_under_no_other_name() {
    let server = Server::start(&[]);
    admin(&server);
    let token = operate(&server, &["join-token"]);
    let state = server.home().join("state").display().to_string();
    let start = |name: &str, url: &str, run: &str| {
        let mut command = server.executor(name, &["--state-dir", &state, "--server", url]);
        command.env("PLAYHOUSE_JOIN", &token);
        Process::start(command, server.home().join(format!("{run}.log")))
    };
    let mut first = start("builder", &server.url(), "first");
    wait_for("it has joined", || {
        server.home().join("state/key.json").exists()
    });
    first.stop();
    let moved = start("builder", "http://127.0.0.1:9", "moved");
    let renamed = start("other", &server.url(), "renamed");
    for mut refused in [moved, renamed] {
        let (status, said) = end(&mut refused);
        assert_eq!(status, Some(2), "{said}");
        assert!(
            said.contains("--state-dir") && !said.contains("itk_"),
            "{said}"
        );
    }
}

/// How a process ended, and what it said.
fn end(process: &mut Process) -> (Option<i32>, String) {
    (process.wait().code(), process.stderr())
}
