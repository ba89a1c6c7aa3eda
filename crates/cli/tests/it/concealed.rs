//! Keys, tokens and passwords are taken with white space around them, and no message repeats one, wherever it
//! comes from and whatever is wrong with it.

use std::process::Output;

use tempfile::TempDir;

use crate::harness::{Server, code, exits, free_port, playhouse, says, stderr, stdout};

const KEY: &str = "itk_0123456789ab_5555555555555555555555555555555555555555";

/// Runs a command with variables. No server listens at its address.
fn run(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    let home = TempDir::new().expect("a temporary directory can be made");
    let address = format!("http://127.0.0.1:{}", free_port());
    let mut command = playhouse(home.path());
    command.env("PLAYHOUSE_SERVER", address);
    command.envs(variables.iter().copied()).args(arguments);
    command.output().expect("the binary starts")
}

#[track_caller]
fn conceals(output: &Output, secret: &str) {
    let said = stdout(output) + &stderr(output);
    assert!(!said.is_empty() && !said.contains(secret), "{said}");
}

#[test]
fn a_key_with_a_line_end_is_taken() {
    let server = Server::start(&[]);
    let made = server.run(&["key", "create", "ops", "--role", "admin"]);
    let key = stdout(&made).trim().to_owned();
    for given in [format!("{key}\n"), format!(" {key}\r\n")] {
        let mut command = playhouse(server.home());
        command.env("PLAYHOUSE_KEY", &given);
        command.env(
            "PLAYHOUSE_SERVER",
            format!("http://127.0.0.1:{}", server.port),
        );
        let listed = command.args(["job", "list"]).output();
        exits(&listed.expect("the binary starts"), 0);
        exits(&server.run(&["job", "list", "--key", &given]), 0);
    }
    let made = server.run(&["key", "join-token", "--key", &key]);
    let token = format!("{}\n", stdout(&made).trim());
    let mut command = server.executor("builder", &["--isolation", "none"]);
    command.env("PLAYHOUSE_JOIN", token);
    let log = server.home().join("joined.log");
    let executor = crate::harness::Process::start(command, log);
    crate::harness::wait_for("it joins", || executor.stderr().contains("joined"));
}

#[test]
fn a_secret_that_is_wrong_is_not_repeated() {
    let token = format!("join_{}", "7".repeat(40));
    let (key, padded) = (format!("{KEY} {KEY}"), format!("\n{KEY}\u{1}\n"));
    let list = ["job", "list"];
    for key in [&*key, &*padded] {
        let output = run(&list, &[("PLAYHOUSE_KEY", key)]);
        exits(&output, 2);
        conceals(&output, "55555");
        let output = run(&["job", "list", "--key", key], &[]);
        exits(&output, 2);
        conceals(&output, "55555");
    }
    let output = run(&["executor", "--join", &format!("{token} x")], &[]);
    exits(&output, 2);
    says(&output, "PLAYHOUSE_JOIN has white space");
    conceals(&output, "77777");
    let output = run(&["executor"], &[("PLAYHOUSE_JOIN", &format!("{token}\nx"))]);
    exits(&output, 2);
    conceals(&output, "77777");
    // White space that was not quoted, and one in the wrong place.
    let output = run(&["job", "list", "--key", "open", "sesame"], &[]);
    exits(&output, 2);
    conceals(&output, "sesame");
    for wrong in [
        &["job", "list", KEY][..],
        &["job", KEY],
        &[KEY],
        &["job", "list", "--json", KEY],
    ] {
        let output = run(wrong, &[]);
        exits(&output, 2);
        conceals(&output, "55555");
    }
    let vault = [
        "server",
        "--listen=127.0.0.1:0",
        "--vault-key",
        "0pensesame",
    ];
    let output = run(&vault, &[]);
    exits(&output, 2);
    conceals(&output, "0pensesame");
}

#[test]
fn a_password_in_a_url_or_in_a_value_is_not_repeated() {
    let server = ("PLAYHOUSE_SERVER", "ftp://me:sesame@h");
    for output in [
        run(&["job", "list"], &[server]),
        run(&["job", "list", "--server", "http://me:sesame@h:x"], &[]),
        run(
            &["job", "list", "--server", "http://me:sesame@127.0.0.1:1"],
            &[],
        ),
        run(&["executor", "--otlp-endpoint", "me://me:sesame@h"], &[]),
        run(
            &[
                "doctor",
                "--database-url",
                "postgres://me:sesame@127.0.0.1:1/d",
            ],
            &[],
        ),
        run(
            &["server", "--database-url", "postgres://me:sesame@h:x/d"],
            &[],
        ),
        run(
            &[
                "server",
                "--listen=127.0.0.1:0",
                "--blobs",
                "ftp://me:sesame@h/d",
            ],
            &[],
        ),
        run(&["job", "submit", "-e", "=sesame", "x"], &[]),
        run(&["playbook", "run", "x", "-p", "sesame"], &[]),
    ] {
        assert_ne!(code(&output), Some(0));
        conceals(&output, "sesame");
    }
}

#[test]
fn a_wrong_settings_file_or_key_file_is_not_repeated() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let file = home.path().join("file");
    let name = file.to_str().expect("the name is UTF-8");
    for (text, says_so) in [
        (format!("slots = 1\nkey = {KEY}\n"), "line 2"),
        (format!("key = '{KEY} x'"), "white space"),
        (format!("key = ['{KEY}', '{KEY}']"), "not a list"),
        ("server = 'ftp://me:55555@h'".to_owned(), "http or https"),
    ] {
        std::fs::write(&file, text).expect("it can be written");
        let output = run(&["job", "list", "--config", name], &[]);
        exits(&output, 2);
        says(&output, says_so);
        conceals(&output, "55555");
    }
    std::fs::write(&file, format!("{KEY} x\n")).expect("it can be written");
    let output = run(&["job", "list", "--key-file", name], &[]);
    exits(&output, 2);
    conceals(&output, "55555");
}
