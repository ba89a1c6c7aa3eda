//! `playhouse plugin`: no server is needed.

use std::{
    fs,
    io::Write,
    path::Path,
    process::{Output, Stdio},
};

use tempfile::TempDir;

use crate::harness::{code, exits, json, playhouse, prints, says, stderr, stdout};

fn run(home: &Path, arguments: &[&str]) -> Output {
    let tmp = home.join("tmp");
    fs::create_dir_all(&tmp).expect("a directory");
    let mut command = playhouse(home);
    command.env("TMPDIR", tmp).args(arguments);
    command.output().expect("the binary starts")
}

fn write(home: &Path, manifest: &str, script: &str) {
    use std::os::unix::fs::PermissionsExt;
    let folder = home.join("mine");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("plugin.toml"), manifest).expect("a manifest");
    fs::write(
        folder.join("run"),
        format!("#!/bin/sh\nread -r call\n{script}\n"),
    )
    .expect("a script");
    fs::set_permissions(folder.join("run"), fs::Permissions::from_mode(0o755)).expect("it may run");
}

const MANIFEST: &str = "name = \"mine\"\nversion = \"1\"\ndescription = \"d\"\nkind = \"process\"\n\
                        entry = [\"./run\"]\n[[metrics]]\nname = \"n\"\ntype = \"integer\"\n";
const SCRIPT: &str = "case $call in
*describe*) echo '{\"description\": {\"name\": \"mine\", \"version\": \"1\", \"description\": \"d\"}}';;
*execute*) echo '{\"log\": {\"level\": \"warn\", \"message\": \"hm\"}}'; echo '{\"metric\": {\"n\": 1}}';;
esac";

#[test]
fn an_author_checks_installs_lists_and_runs_a_plugin() {
    let home = TempDir::new().expect("a home");
    let home = home.path();
    fs::write(home.join("input.json"), "{}").expect("an input");
    write(home, MANIFEST, SCRIPT);
    let checked = run(home, &["plugin", "check", "mine"]);
    exits(&checked, 0);
    assert!(
        stdout(&checked).starts_with("mine 1 is good"),
        "{}",
        stdout(&checked)
    );
    // It does not have to be installed to be tried.
    let tried = run(home, &["plugin", "run", "./mine", "--input", "input.json"]);
    assert_eq!(
        (code(&tried), stdout(&tried)),
        (Some(0), "{\"n\":1}\n".to_owned()),
        "{}",
        stderr(&tried)
    );
    says(&tried, "warn  hm");
    let unknown = run(home, &["plugin", "run", "mine", "--input", "input.json"]);
    exits(&unknown, 66);
    says(&unknown, "text-stats");
    let refused = run(
        home,
        &["plugin", "install", "mine", "--sha256", &"0".repeat(64)],
    );
    exits(&refused, 1);
    let installed = run(home, &["plugin", "install", "mine"]);
    exits(&installed, 0);
    let again = run(home, &["plugin", "install", "mine", "--json"]);
    prints(&again, "\"replaced\":\"1\"");
    let ran = run(
        home,
        &["plugin", "run", "mine", "--input", "input.json", "--json"],
    );
    prints(&ran, "\"metric\":{\"n\":1}");
    let list = stdout(&run(home, &["plugin", "list"]));
    for name in [
        "mine ",
        "text-stats ",
        "web-page ",
        "log-lint ",
        "json-schema ",
        "http-probe ",
    ] {
        assert!(list.contains(&format!("\n{name}")), "{list}");
    }
    let left = fs::read_dir(home.join("tmp")).expect("it was made").count();
    assert_eq!(left, 0, "what it worked in is left");
}

#[test]
fn what_an_author_has_to_mend_is_told_with_its_place() {
    let home = TempDir::new().expect("a home");
    let home = home.path();
    fs::write(home.join("input.json"), "{}").expect("an input");
    write(home, &MANIFEST.replace("kind", "knid"), SCRIPT);
    let checked = run(home, &["plugin", "check", "mine"]);
    exits(&checked, 1);
    says(&checked, "plugin.toml:4:1");
    let refused = run(home, &["plugin", "install", "mine"]);
    exits(&refused, 1);
    write(home, MANIFEST, "echo '{\"metric\": {\"n\": \"x\"}}'");
    let failed = run(home, &["plugin", "run", "./mine", "--input", "input.json"]);
    exits(&failed, 120);
    says(&failed, "/n");
}

/// Calls `text-stats` with these arguments and this on standard input.
fn call(home: &Path, arguments: &[&str], input: &[u8]) -> Output {
    let mut command = playhouse(home);
    command
        .args(["plugin", "run", "text-stats"])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().expect("the binary starts");
    let mut pipe = child.stdin.take().expect("a pipe");
    // It may not want it.
    let _ = pipe.write_all(input);
    drop(pipe);
    child.wait_with_output().expect("it ends")
}

#[test]
fn a_text_needs_no_quotes() {
    let home = TempDir::new().expect("a home");
    let home = home.path();
    fs::write(home.join("page.txt"), "to \"be\" or not\n").expect("a file");
    fs::write(home.join("odd"), b"\xff").expect("a file");
    for (text, input, words) in [
        ("to be", "", 2),
        ("-1 {", "", 1),
        ("", "", 0),
        ("-", "to\nbe\nor\n", 3),
        ("@page.txt", "", 4),
        ("@-", "one", 1),
    ] {
        let ran = call(home, &["--text", text], input.as_bytes());
        assert_eq!(code(&ran), Some(0), "{text}: {}", stderr(&ran));
        let metric = json(&ran);
        assert_eq!(metric["words"], words, "{text}: {metric}");
    }
    // To the last newline.
    let ran = call(home, &["--text", "@page.txt"], b"");
    prints(&ran, "\"characters\":15");
    for (arguments, exit) in [
        (&["--text", "@odd"][..], 2),
        (&["--text", "@none"][..], 74),
        (&["--text", "a", "--input", "-"][..], 2),
        (&[][..], 2),
    ] {
        let ran = call(home, arguments, b"");
        assert_eq!(code(&ran), Some(exit), "{arguments:?}: {}", stderr(&ran));
    }
}

#[test]
fn a_shipped_plugin_reads_standard_input_and_refuses_what_it_cannot_use() {
    let home = TempDir::new().expect("a home");
    let call = |input: &str| call(home.path(), &["--input", "-"], input.as_bytes());
    let good = call("{\"text\": \"to be or not to be\"}");
    exits(&good, 0);
    prints(&good, "\"words\":6");
    let bad = call("7");
    exits(&bad, 2);
}
