//! `backup` of a live server.

use std::{fs, path::Path};

use crate::harness::{Server, code, exits, get, says, stderr, stdout};

#[test]
fn a_copy_of_a_live_server_serves_what_was_accepted() {
    let server = Server::start(&[]);
    let script = server.script("kept.sh", "true");
    let id = server.submit(&[&script]);
    let copy = server.home().join("copy.db").display().to_string();
    let data_dir = server.data_dir().display().to_string();
    let done = server.run(&["backup", &copy, "--data-dir", &data_dir]);
    exits(&done, 0);
    let again = server.run(&["backup", &copy, "--data-dir", &data_dir]);
    assert_eq!(
        code(&again),
        Some(74),
        "an existing file is kept: {}",
        stderr(&again)
    );

    let mut restored = Server::start(&[]);
    restored.kill();
    for name in ["playhouse.db-wal", "playhouse.db-shm"] {
        let _ = fs::remove_file(restored.data_dir().join(name));
    }
    fs::copy(&copy, restored.data_dir().join("playhouse.db")).expect("it can be copied");
    restored.restart();
    let shown = restored.run(&["job", "get", &id]);
    exits(&shown, 0);
    assert!(stdout(&shown).contains("kept.sh"));

    // The programs are not in it: they are copied after it.
    let job = restored.job(&id);
    let sha256 = job["binary_sha256"].as_str().expect("a hash");
    assert!(!program(&restored, sha256).contains("true"));
    copy_files(
        &server.data_dir().join("blobs"),
        &restored.data_dir().join("blobs"),
    );
    assert!(program(&restored, sha256).ends_with("#!/bin/sh\ntrue\n"));
}

/// What a server answers who asks for an uploaded program.
fn program(server: &Server, sha256: &str) -> String {
    get(server.port, &format!("/api/v1/binaries/{sha256}")).expect("an answer")
}

fn copy_files(from: &Path, to: &Path) {
    for file in fs::read_dir(from).expect("a directory") {
        let file = file.expect("a file");
        fs::copy(file.path(), to.join(file.file_name())).expect("it can be copied");
    }
}

#[test]
fn a_directory_without_a_database_is_refused() {
    let server = Server::start(&[]);
    let output = server.run(&["backup", "copy.db", "--data-dir", "nothing-here"]);
    exits(&output, 1);
    assert!(!server.home().join("copy.db").exists());
    let data_dir = server.data_dir().display().to_string();
    let nowhere = server.run(&["backup", "nothing-here/copy.db", "--data-dir", &data_dir]);
    exits(&nowhere, 74);
    says(&nowhere, "the copy nothing-here/copy.db cannot be written");
}
