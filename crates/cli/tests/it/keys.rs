//! Keys from the command line: on the data directory beside a running server, and over HTTP.

use std::{
    process::Output,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;
use serde_json::Value;
use tempfile::TempDir;

use private_postgres::Database;

use crate::harness::{
    Process, Server, code, exits, free_port, get, json, playhouse, poll, says, stderr, stdout,
    wait_for,
};

/// Runs `key …` on the server's data directory, beside it.
fn operate(server: &Server, arguments: &[&str]) -> Output {
    server.operate(&[&["key"], arguments].concat())
}

fn make(server: &Server, arguments: &[&str]) -> String {
    let made = operate(server, &[&["create"], arguments].concat());
    exits(&made, 0);
    let key = stdout(&made);
    assert!(key.starts_with("itk_") && key.ends_with('\n'), "{key}");
    key.trim().to_owned()
}

#[test]
fn a_running_server_hears_of_keys_made_and_revoked_beside_it() {
    let server = Server::start(&["--with-executor", "--isolation", "none"]);
    warned(&server);
    exits(&server.run(&["job", "list"]), 0);
    let first = operate(&server, &["create", "me", "--role", "user"]);
    exits(&first, 65);
    assert!(stderr(&first).contains("first key must be an admin's"));

    let admin = make(&server, &["me", "--role", "admin"]);
    wait_for("the server asks for a key", || {
        code(&server.run(&["job", "list"])) == Some(65)
    });
    let refused = server.run(&["job", "list"]);
    says(&refused, "PLAYHOUSE_KEY");

    // From the environment and from a file; the built-in executor needs none, also for a program
    // that the server keeps.
    let program = server.script("program", "echo done");
    let run = server.with_key(&admin, &["job", "submit", &program]);
    assert_eq!(
        (code(&run), stdout(&run)),
        (Some(0), "done\n".to_owned()),
        "{}",
        stderr(&run)
    );
    let file = server.home().join("admin.key");
    std::fs::write(&file, format!("{admin}\n")).expect("a key file");
    let file = file.display().to_string();
    let listed = server.run(&["key", "list", "--json", "--key-file", &file]);
    let keys = json(&listed);
    assert_eq!(keys[0]["name"], "me");

    // Over HTTP; what may not be done is refused.
    let made = server.with_key(&admin, &["key", "create", "ci", "--role", "readonly"]);
    let readonly = stdout(&made).trim().to_owned();
    exits(&server.with_key(&readonly, &["job", "list"]), 0);
    let refused = server.with_key(&readonly, &["job", "submit", &program]);
    exits(&refused, 65);

    // Revoked beside it.
    let listed = operate(&server, &["list", "--json"]);
    let keys = json(&listed);
    let id = keys[0]["id"].as_str().expect("an id");
    let revoked = operate(&server, &["revoke", id]);
    exits(&revoked, 0);
    wait_for("the key is refused", || {
        let listed = server.with_key(&readonly, &["job", "list"]);
        code(&listed) == Some(65)
    });
    let unknown = operate(&server, &["revoke", "nothing"]);
    exits(&unknown, 66);
    let table = stdout(&operate(&server, &["list"]));
    assert!(
        table.contains("revoked") && !table.contains(&admin),
        "{table}"
    );
}

#[test]
fn only_a_key_to_start_with_makes_a_database_and_says_so() {
    let home = TempDir::new().expect("a directory");
    let data = home.path().join("data");
    let run = |arguments: &[&str]| {
        let mut command = playhouse(home.path());
        command.args(arguments).arg("--data-dir").arg(&data);
        command.output().expect("the binary starts")
    };
    let looking: [&[&str]; 5] = [
        &["key", "list"],
        &["key", "revoke", "x"],
        &["key", "join-token"],
        &["audit", "list"],
        &["audit", "verify"],
    ];
    for arguments in looking {
        let refused = run(arguments);
        assert_eq!(code(&refused), Some(1), "{arguments:?}");
        let said = stderr(&refused);
        assert!(said.contains("there is no database in"), "{said}");
        assert!(!data.exists(), "{arguments:?}");
    }
    let first = run(&["key", "create", "me", "--role", "admin"]);
    let said = stderr(&first);
    assert!(said.contains("data/playhouse.db, which is new"), "{said}");
    let second = run(&["key", "create", "ci", "--role", "user"]);
    let said = stderr(&second);
    assert!(said.contains("data/playhouse.db\n"), "{said}");
    exits(&run(&["key", "list"]), 0);
}

#[test]
fn the_printed_token_makes_the_first_key_once() {
    let mut server = Server::start(&[]);
    let said = warned(&server);
    let token = said
        .split_whitespace()
        .find_map(|word| Some(word.split_once("/api/setup#")?.1))
        .expect("a link");
    let post = |name: &str| {
        let body = format!(r#"{{"name": "{name}", "token": "{token}"}}"#);
        let request = format!(
            "POST /api/setup HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        exchange(server.port, &request)
    };
    let made = post("me");
    assert!(made.starts_with("HTTP/1.1 201"), "{made}");
    let body = made.split("\r\n\r\n").nth(1).expect("a body");
    let created: Value = serde_json::from_str(body).expect("JSON");
    let key = created["key"].as_str().expect("a key").to_owned();
    assert!(post("you").starts_with("HTTP/1.1 401"));
    exits(&server.with_key(&key, &["job", "list"]), 0);
    exits(&server.run(&["job", "list"]), 65);
    // With keys it has nothing to warn of.
    for _ in 0..2 {
        server.process.signal(Signal::SIGTERM);
        server.restart();
    }
    assert_eq!(
        server.process.stderr().matches("There are no keys").count(),
        1
    );
    // What was counted was written down at the stop.
    let audit = server.with_key(&key, &["audit", "list", "--after", "0", "--json"]);
    let lines: Vec<Value> = stdout(&audit)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let told = |line: &Value| (line["action"].clone(), line["actor"]["id"].clone());
    assert_eq!(told(&lines[0]), ("key.setup".into(), "setup".into()));
    assert_eq!(lines[0]["from"], "127.0.0.1");
    let refused: Vec<_> = lines[1..]
        .iter()
        .map(|line| &line["target"]["id"])
        .collect();
    assert_eq!(refused, ["POST /api/setup", "GET /api/v1/jobs"]);
}

#[test]
fn what_one_server_revokes_the_other_refuses_within_a_second() {
    let database = Database::create("cli");
    let start = || Server::start(&["--database-url", database.url()]);
    let (one, other) = (start(), start());
    let admin = stdout(&one.run(&["key", "create", "me", "--role", "admin"]));
    let new = ["key", "create", "ci", "--role", "readonly", "--json"];
    let made = one.with_key(admin.trim(), &new);
    let made = json(&made);
    let text = |name: &str| made[name].as_str().expect("a text").to_owned();
    let (id, key) = (text("id"), text("key"));
    let request = |path: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\
             x-api-key: {key}\r\n\r\n"
        )
    };
    let status = || exchange(other.port, &request("/api/v1/jobs"));
    wait_for("the other has heard of it", || {
        status().starts_with("HTTP/1.1 200")
    });
    let (port, events) = (other.port, request("/api/events"));
    let stream = std::thread::spawn(move || {
        let read = exchange(port, &events);
        (read, Instant::now())
    });
    poll("the stream is read", || {
        let metrics = get(other.port, "/api/v1/metrics")?;
        let mut lines = metrics.lines();
        let one = lines.any(|line| line.contains("live_readers{") && line.ends_with(" 1"));
        one.then_some(())
    });
    let revoked = one.with_key(admin.trim(), &["key", "revoke", &id]);
    exits(&revoked, 0);
    let begun = Instant::now();
    loop {
        let asked = begun.elapsed();
        if status().starts_with("HTTP/1.1 401") {
            break;
        }
        assert!(asked < Duration::from_secs(1), "it is still good");
    }
    let (read, ended) = stream.join().expect("no panic");
    assert!(read.starts_with("HTTP/1.1 200"), "{read}");
    let took = ended.saturating_duration_since(begun);
    // How often a stream looks is tested where it looks; here a loaded machine has to end a connection.
    assert!(
        took < Duration::from_secs(5),
        "the stream went on for {took:?}"
    );
}

#[test]
fn behind_another_name_nobody_may_do_anything_before_there_is_a_key() {
    for named in [
        ["--public-url", "https://play.example"],
        ["--allowed-host", "play.internal"],
    ] {
        let server = Server::start(&named);
        let said = warned(&server);
        assert!(said.contains("names another host"), "{said}");
        assert!(!said.contains("may do everything"), "{said}");
        let refused = server.run(&["job", "list"]);
        exits(&refused, 65);
        says(&refused, "another name");
        let key = stdout(&operate(&server, &["create", "me", "--role", "admin"]));
        wait_for("the key is good", || {
            let listed = server.with_key(key.trim(), &["job", "list"]);
            code(&listed) == Some(0)
        });
    }
}

/// What the server said, once it has said that there are no keys.
fn warned(server: &Server) -> String {
    poll("the server warns", || {
        let said = server.process.stderr();
        (said.contains("There are no keys") && said.contains("setup_")).then_some(said)
    })
}

fn exchange(port: u16, request: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

#[test]
fn with_keys_every_address_is_listened_on() {
    let home = TempDir::new().expect("a temporary directory");
    let data = home.path().join("data").display().to_string();
    let serve = |port: u16, more: &[&str]| {
        let mut command = playhouse(home.path());
        command.args(["server", "--data-dir", &data]);
        command.arg(format!("--listen=0.0.0.0:{port}")).args(more);
        Process::start(command, home.path().join("server.log"))
    };
    let url = "http://127.0.0.1:1";
    let mut refused = serve(free_port(), &["--public-url", url]);
    assert_eq!(refused.wait().code(), Some(2));
    assert!(refused.stderr().contains("key create NAME --role admin"));
    let mut command = playhouse(home.path());
    command.args([
        "key",
        "create",
        "me",
        "--role",
        "admin",
        "--data-dir",
        &data,
    ]);
    exits(&command.output().expect("the binary starts"), 0);
    let mut refused = serve(free_port(), &[]);
    assert_eq!(refused.wait().code(), Some(2));
    assert!(refused.stderr().contains("public URL"));
    // Somebody may take the port before the server does.
    for _ in 0..20 {
        let port = free_port();
        let mut server = serve(port, &["--public-url", url]);
        let healthy = poll("the server answers", || {
            let answer = get(port, "/api/v1/health").map(|answer| answer.contains("healthy"));
            answer.or_else(|| server.ended().map(|_| false))
        });
        if healthy {
            let answer = get(port, "/api/v1/jobs").expect("an answer");
            assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
            return;
        }
        assert!(server.stderr().contains("in use"), "{}", server.stderr());
    }
    panic!("no free port could be kept");
}
