//! `doctor` on this machine.

use tempfile::TempDir;

use crate::harness::{code, free_port, playhouse, stderr, stdout};

#[test]
fn a_missing_server_is_a_warning_unless_it_was_named() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let data_dir = home.path().join("data").display().to_string();
    let mut command = playhouse(home.path());
    let command = command.args(["doctor", "--data-dir", &data_dir, "--server"]);
    let output = command
        .arg(format!("http://127.0.0.1:{}", free_port()))
        .output()
        .expect("the binary starts");
    assert_eq!(code(&output), Some(1), "{}", stderr(&output));
    let table = stdout(&output);
    let server = table
        .lines()
        .find(|line| line.starts_with("server "))
        .expect("a server line");
    assert!(server.contains("FAIL"), "{table}");
    let data = table
        .lines()
        .find(|line| line.starts_with("data directory "))
        .expect("a data line");
    assert!(
        data.contains(" ok ") && data.contains("made at the first start"),
        "{table}"
    );
    assert!(table.contains("What to do:"), "{table}");
    assert!(
        !home.path().join("data").exists(),
        "the doctor makes nothing"
    );
}

#[test]
fn the_report_is_json_for_machines() {
    let home = TempDir::new().expect("a temporary directory can be made");
    let file = home.path().join("file");
    std::fs::write(&file, "").expect("it can be written");
    let below_a_file = file.join("data").display().to_string();
    let mut command = playhouse(home.path());
    let command = command.args(["doctor", "--json", "--data-dir", &below_a_file]);
    let output = command.output().expect("the binary starts");
    assert_eq!(code(&output), Some(1));
    let checks: Vec<serde_json::Value> =
        serde_json::from_str(&stdout(&output)).expect("it is JSON");
    let data = checks
        .iter()
        .find(|check| check["name"] == "data directory")
        .expect("a check");
    assert_eq!(data["standing"], "fail");
    assert!(data["advice"].is_string());
}
