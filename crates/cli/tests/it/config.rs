//! Flag before environment before file.

use std::{path::Path, process::Command};

use tempfile::TempDir;

use crate::harness::{code, exits, free_port, playhouse, says, stderr};

fn home() -> TempDir {
    TempDir::new().expect("a temporary directory can be made")
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("it has a parent")).expect("it can be made");
    std::fs::write(path, text).expect("it can be written");
}

/// Runs `stats` against nobody and answers the address that it tried.
fn tried(command: &mut Command) -> String {
    let output = command.arg("stats").output().expect("the binary starts");
    exits(&output, 69);
    let text = stderr(&output);
    let after = text.split("Tried ").nth(1).expect("it says what it tried");
    after.split(". ").next().expect("a sentence").to_owned()
}

#[test]
fn a_flag_wins_over_the_environment_which_wins_over_the_file() {
    let home = home();
    let [flag, variable, file] = [1, 2, 3].map(|_| format!("http://127.0.0.1:{}", free_port()));
    let usual = home.path().join(".config/playhouse/config.toml");
    write(&usual, &format!("server = '{file}'\n"));
    assert_eq!(tried(&mut playhouse(home.path())), file);
    let mut command = playhouse(home.path());
    assert_eq!(tried(command.env("PLAYHOUSE_SERVER", &variable)), variable);
    let mut command = playhouse(home.path());
    let command = command.env("PLAYHOUSE_SERVER", &variable);
    let output = command
        .args(["stats", "--server", &flag])
        .output()
        .expect("the binary starts");
    says(&output, &flag);
}

#[test]
fn the_file_is_found_by_flag_variable_or_place() {
    let home = home();
    let urls = [1, 2, 3].map(|_| format!("http://127.0.0.1:{}", free_port()));
    let files = ["flag.toml", "variable.toml", "xdg/playhouse/config.toml"];
    let files = files.map(|name| home.path().join(name));
    for (file, url) in files.iter().zip(&urls) {
        write(file, &format!("server = '{url}'\n"));
    }
    let xdg = home.path().join("xdg");
    let mut command = playhouse(home.path());
    let command = command.env("XDG_CONFIG_HOME", &xdg);
    assert_eq!(tried(command), urls[2]);
    let mut command = playhouse(home.path());
    let command = command
        .env("XDG_CONFIG_HOME", &xdg)
        .env("PLAYHOUSE_CONFIG", &files[1]);
    assert_eq!(tried(command), urls[1]);
    let mut command = playhouse(home.path());
    let command = command
        .env("PLAYHOUSE_CONFIG", &files[1])
        .arg("--config")
        .arg(&files[0]);
    assert_eq!(tried(command), urls[0]);
}

#[test]
fn a_wrong_file_is_refused_by_name_whatever_the_command() {
    let cases = [
        ("slotz = 1", "unknown key `slotz`; the keys are "),
        (
            "data-dir = 'x'",
            "unknown key `data-dir`: it is spelled `data_dir`",
        ),
        (
            "slots = 0",
            "key `slots`: invalid value '0' for '--slots <N>'",
        ),
        (
            "log = 'debgu'",
            "key `log`: invalid value 'debgu' for '--log <FILTER>'",
        ),
        ("slots = ", "TOML parse error at line 1"),
    ];
    for (text, message) in cases {
        let home = home();
        write(&home.path().join("settings.toml"), text);
        let mut command = playhouse(home.path());
        let command = command.args(["job", "list", "--config", "settings.toml"]);
        let output = command.output().expect("the binary starts");
        assert_eq!(code(&output), Some(2), "{text}");
        let said = stderr(&output);
        assert!(
            said.starts_with(&format!("error: settings.toml: {message}")),
            "{text}: {said}"
        );
    }
}

#[test]
fn the_help_does_not_show_what_the_environment_holds() {
    let home = home();
    let secret = "postgres://user:secret@db.example/jobs";
    for arguments in [["server", "--help"], ["doctor", "-h"]] {
        let mut command = playhouse(home.path());
        let command = command
            .env("PLAYHOUSE_DATABASE_URL", secret)
            .args(arguments);
        let output = command.output().expect("the binary starts");
        assert!(!String::from_utf8_lossy(&output.stdout).contains("secret"));
    }
}
