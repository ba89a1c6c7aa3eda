//! Failures of the machine beside the Docker engine: its disk is full, a directory
//! cannot be made, a repository refuses it.

use std::{
    env, fs,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    thread,
};

use serde_json::Value;

use super::{
    TestPlaygrounds,
    sources::{commit, playspec_of, repository},
};

const ROOM_BYTES: usize = 2 << 20;
const FILES: usize = 1_000;

#[test]
fn a_disk_that_is_full_is_told() {
    small_disk::run("playgrounds::hosts::the_disk_of_playgrounds");
}

#[test]
#[ignore = "it mounts: `a_disk_that_is_full_is_told` runs it"]
fn the_disk_of_playgrounds() {
    let place = env::temp_dir().join("playgrounds");
    small_disk::mount(&place, ROOM_BYTES, FILES);
    let flag = format!("--playgrounds-dir={}", place.display());
    let test = TestPlaygrounds::start_with(&[flag]);
    let large = repository();
    // What git cannot make smaller.
    let mut noise = 1_u64;
    let bytes = (0..ROOM_BYTES * 2).map(|_| {
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        noise.to_be_bytes()[0]
    });
    fs::write(large.path().join("large"), bytes.collect::<Vec<u8>>()).expect("a file");
    commit(large.path(), "large");
    let url = format!("file://{}", large.path().display());
    let full = create(&test, "full", &url);
    fails(&test, full, ("disk_full", "repo_clone"), "disk is full");
    test.destroy(full);
}

#[test]
fn a_directory_that_cannot_be_made_is_told() {
    let place = tempfile::tempdir().expect("a directory");
    let flag = format!("--playgrounds-dir={}", place.path().display());
    let test = TestPlaygrounds::start_with(&[flag]);
    let spec = test.playspec("plain", "services: {web: {image: IMAGE}}");
    // Where the first playground is to have its directory.
    let taken = place.path().join("pg-1-taken");
    fs::write(&taken, "").expect("a file");
    let id = test.create("taken", spec, &Value::Null);
    fails(
        &test,
        id,
        ("host_init", "compose_generate"),
        "the playground's directory",
    );
    fs::remove_file(&taken).expect("it is there");
    test.destroy(id);
}

/// A playground with one service of a repository.
fn create(test: &TestPlaygrounds, name: &str, url: &str) -> i64 {
    let compose = "services: {web: {labels: {playgrounds.expose: '80'}}}";
    test.create(name, playspec_of(test, name, url, compose), &Value::Null)
}

/// Waits until it has failed so.
#[track_caller]
fn fails(test: &TestPlaygrounds, id: i64, (category, step): (&str, &str), says: &str) -> Value {
    let status = test.becomes(id, "error");
    let details = &status["error_details"];
    assert_eq!(details["category"], category, "{status:#}");
    assert_eq!(status["error_step"], step, "{status:#}");
    let message = status["error_message"].as_str().expect("a message");
    assert!(message.contains(says), "{message}");
    let actions = details["next_actions"].as_array().map_or(0, Vec::len);
    assert!(actions > 0, "{status:#}");
    status
}

#[test]
fn a_repository_that_refuses_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!(
        "http://{}/some/repository.git",
        listener.local_addr().expect("an address")
    );
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let answer = "HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"git\"\r\n\
                Content-Length: 0\r\nConnection: close\r\n\r\n";
            // One that has gone does not read it.
            let _ = (&stream).write_all(answer.as_bytes());
        }
    });
    let test = TestPlaygrounds::start_with(&["--allow-git=http".to_owned()]);
    let id = create(&test, "refused", &url);
    fails(&test, id, ("permission", "repo_clone"), "refused access");
    test.destroy(id);
}
