//! Artefacts and files of jobs, with the real server, executor and commands.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Output,
};

use private_s3::Server as S3;
use serde_json::Value;

use crate::harness::{Server, code, exits, get, json, poll, prints, says, stdout};

/// Runs a script to its end, with further arguments of `job submit`; its id.
fn submit(server: &Server, script: &str, arguments: &[&str]) -> (Output, String) {
    let program = server.script("script.sh", script);
    let submit = ["job", "submit", &program, "--json"];
    let output = server.run(&[&submit[..], arguments].concat());
    let id = json(&output)["id"].as_str().expect("an id").to_owned();
    (output, id)
}

fn names(server: &Server, id: &str) -> Vec<String> {
    let answer = get(server.port, &format!("/api/v1/jobs/{id}/artifacts")).expect("an answer");
    let (_, list) = answer.split_once("\r\n\r\n").expect("a body");
    let list: Vec<Value> = serde_json::from_str(list).expect("a list");
    let name = |one: &Value| one["name"].as_str().expect("a name").to_owned();
    list.iter().map(name).collect()
}

/// An artefact as the server sends it.
fn fetched(server: &Server, id: &str, name: &str) -> String {
    let path = format!("/api/runs/{id}/artifacts/{name}");
    let answer = get(server.port, &path).expect("an answer");
    answer.split_once("\r\n\r\n").expect("a body").1.to_owned()
}

#[test]
fn what_a_job_leaves_is_kept_also_when_it_fails() {
    let server = Server::start(&["--with-executor", "--artifact-size=1M"]);
    let script = "cd $OUTPUT_DIR; mkdir -p report; echo hello >report/index.html; : >empty
        ln -s /etc/passwd link; mkfifo pipe; head -c 2000000 /dev/zero >large; exit 3";
    let (output, id) = submit(&server, script, &[]);
    exits(&output, 3);
    assert_eq!(names(&server, &id), ["empty", "report/index.html"]);
    let logs = server.run(&["job", "logs", &id, "--stream=stderr"]);
    for name in ["link", "pipe", "large"] {
        let line = format!("playhouse: artefact \"{name}\" was not kept");
        prints(&logs, &line);
    }
    assert_eq!(fetched(&server, &id, "report/index.html"), "hello\n");
    assert_eq!(fetched(&server, &id, "empty"), "");
}

#[test]
fn what_a_run_left_is_listed_and_saved() {
    // Of `hello` and a newline.
    const SHA256: &str = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    let server = Server::start(&["--with-executor"]);
    let script =
        "cd $OUTPUT_DIR; mkdir report; echo hello >report/index.html; printf '\\0\\377' >raw";
    let (_, id) = submit(&server, script, &[]);
    let table = server.run(&["run", "artifacts", &id]);
    exits(&table, 0);
    let lines: Vec<Vec<String>> = stdout(&table).lines().map(words).collect();
    assert_eq!(lines[0], ["NAME", "BYTES", "STORED", "ATTEMPT", "SHA-256"]);
    assert_eq!((&*lines[1][0], &*lines[1][1]), ("raw", "2"));
    let file = [&*lines[2][0], &lines[2][1], &lines[2][3], &lines[2][4]];
    assert_eq!(file, ["report/index.html", "6", "1", SHA256]);
    let json = stdout(&server.run(&["run", "artifacts", &id, "--json"]));
    let json: Vec<Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    assert_eq!(
        (&json[1]["name"], json.len()),
        (&"report/index.html".into(), 2)
    );

    let download = |more: &[&str]| server.run(&[&["run", "download", &id], more].concat());
    let saved = server.home().join("index.html");
    fs::write(&saved, "what was there before").expect("written");
    exits(&download(&["report/index.html"]), 0);
    assert_eq!(fs::read(&saved).expect("replaced"), b"hello\n");
    let printed = download(&["raw", "-o", "-"]);
    assert_eq!((code(&printed), &*printed.stdout), (Some(0), &[0, 255][..]));
    exits(&download(&["raw", "-o", "new/name"]), 0);
    assert_eq!(
        fs::read(server.home().join("new/name")).expect("saved"),
        [0, 255]
    );
    let all = download(&["--all", "all"]);
    exits(&all, 0);
    says(&all, "2 artefacts saved in all");
    for (name, bytes) in [("raw", &[0, 255][..]), ("report/index.html", b"hello\n")] {
        assert_eq!(
            fs::read(server.home().join("all").join(name)).expect("saved"),
            bytes
        );
    }

    let unknown = download(&["index.html"]);
    exits(&unknown, 1);
    says(&unknown, "the run has no artefact `index.html`");
    // What is not what was stored replaces nothing.
    fs::write(blob(&server, b"hello\n"), "jello\n").expect("written");
    let wrong = download(&["report/index.html"]);
    exits(&wrong, 1);
    says(
        &wrong,
        "artefact `report/index.html` came with the wrong hash",
    );
    assert_eq!(fs::read(&saved).expect("as it was"), b"hello\n");
    let (_, other) = submit(&server, "true", &[]);
    says(
        &server.run(&["run", "artifacts", &other]),
        "no artefacts; a job leaves them in $OUTPUT_DIR",
    );
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}

/// Where a server keeps what has this content.
fn blob(server: &Server, content: &[u8]) -> PathBuf {
    let mut open = vec![server.data_dir().join("blobs")];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(path).expect("a directory").flatten();
            open.extend(entries.map(|entry| entry.path()));
        } else if fs::read(&path).expect("a file") == content {
            return path;
        }
    }
    panic!("it is not there");
}

#[test]
fn of_ten_thousand_files_as_many_are_kept_as_may_be() {
    let server = Server::start(&["--with-executor", "--artifact-count=500"]);
    let script =
        "cd $OUTPUT_DIR; n=10000; while [ $n -lt 20000 ]; do echo $n >$n; n=$((n+1)); done";
    let (output, id) = submit(&server, script, &[]);
    exits(&output, 0);
    let names = names(&server, &id);
    assert_eq!((names.len(), &*names[499]), (500, "10499"));
    let logs = server.run(&["job", "logs", &id, "--stream=stderr"]);
    let logs = stdout(&logs);
    assert_eq!(logs.lines().count(), 21, "{logs}");
    assert!(
        logs.ends_with("playhouse: 9480 more artefacts were not kept\n"),
        "{logs}"
    );
}

#[test]
fn files_are_laid_into_a_jobs_directory_and_the_cache_stays_as_it_is() {
    let server = Server::start(&["--with-executor"]);
    let input = server.home().join("input.csv");
    fs::write(&input, "1,2\n").expect("written");
    let file = format!("data/input.csv={}", input.display());
    // It is a copy of its own: whatever the first job does to it, the second one finds it whole.
    for _ in 0..2 {
        let script = "cat data/input.csv
            chmod 600 data/input.csv; echo changed >data/input.csv";
        let (output, id) = submit(&server, script, &["--file", &file]);
        exits(&output, 0);
        let logs = server.run(&["job", "logs", &id, "--stream=stdout"]);
        assert_eq!(stdout(&logs), "1,2\n");
    }
    let program = server.script("script.sh", "true");
    for name in ["../x", "/x", "a//b", "."] {
        let file = format!("{name}={}", input.display());
        let refused = server.run(&["job", "submit", &program, "--file", &file]);
        assert_ne!(code(&refused), Some(0), "{name}");
        says(&refused, "relative path");
    }
}

#[test]
fn a_server_that_is_killed_in_the_middle_of_an_upload_keeps_nothing_of_it() {
    let mut server = Server::start(&[]);
    let large = server.home().join("large");
    fs::write(&large, "#!/bin/sh\n").expect("written");
    let file = fs::File::options()
        .write(true)
        .open(&large)
        .expect("opened");
    file.set_len(2 << 30).expect("as long");
    let blobs = server.data_dir().join("blobs");
    let mut upload = server.watch(
        "upload",
        &["job", "submit", "--reconnect-for=1s", &text(&large)],
    );
    poll("the upload has begun", || {
        (fs::read_dir(&blobs).ok()?.count() > 0).then_some(())
    });
    server.kill();
    assert_eq!(upload.wait().code(), Some(69), "{}", upload.stderr());
    assert!(fs::read_dir(&blobs).expect("a directory").count() > 0);
    server.restart();
    assert_eq!(fs::read_dir(&blobs).expect("a directory").count(), 0);
}

#[test]
fn a_real_server_keeps_blobs_in_a_bucket() {
    let s3 = S3::start();
    let url = s3.url("main");
    let arguments = ["--with-executor", "--blobs", &url];
    let server = Server::start_with(&arguments, &s3.variables());
    let (output, id) = submit(&server, "echo kept >$OUTPUT_DIR/file", &[]);
    exits(&output, 0);
    assert_eq!(names(&server, &id), ["file"]);
    assert_eq!(fetched(&server, &id, "file"), "kept\n");
    assert_eq!(s3.objects("main").expect("a directory").len(), 2);
    assert!(!server.data_dir().join("blobs").exists());
}

fn text(path: &Path) -> String {
    path.display().to_string()
}
