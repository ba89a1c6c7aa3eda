//! Full disks: a job fills its own, a program does not fit. Only what needs the room is hurt.
//!
//! Each test runs in a process of its own, which mounts a small file system.

use std::{fs, path::Path};

use nix::sys::statvfs::statvfs;
use serde_json::json;

use crate::{binaries::digest, test_executor::TestExecutor};

const ROOM_BYTES: usize = 2 << 20;
const FILES: usize = 64;
const NO_SPACE: &str = "No space left on device";

/// Free blocks and files.
fn free(path: &Path) -> (u64, u64) {
    let is = statvfs(path).expect("it is mounted");
    (is.blocks_free(), is.files_free())
}

#[test]
fn a_job_that_fills_the_disk_fails_alone_and_its_room_is_free_again() {
    small_disk::run("full::a_job_fills_the_disk");
}

#[tokio::test]
#[ignore = "it mounts: `a_job_that_fills_the_disk_fails_alone_and_its_room_is_free_again` runs it"]
async fn a_job_fills_the_disk() {
    let executor =
        TestExecutor::new(|settings| small_disk::mount(&settings.work_dir, ROOM_BYTES, FILES))
            .await;
    let work = executor.dir.path("data/work");
    executor.registration().await;
    let empty = free(&work);
    let all_files = "n=0; while :; do touch $n || break; n=$((n + 1)); done; false";
    for (what, script) in [("blocks", "cat /dev/zero >big"), ("files", all_files)] {
        fill(&executor, what, script).await;
        assert_eq!(executor.left_behind(), 0);
        // The kernel lets go of a directory that Landlock knew a moment later.
        executor
            .wait_for("it is free again", |_| free(&work) == empty)
            .await;
        let writer = format!("writer-{what}");
        executor.submit(
            &writer,
            "head -c 1000000 /dev/zero >large && touch 1 2 3",
            json!({}),
        );
        assert!(
            executor.result(&writer).await.completed(),
            "there is room again"
        );
    }
    executor.end().await;
}

/// Fills the disk with one job while a neighbour runs and another comes.
async fn fill(executor: &TestExecutor, what: &str, script: &str) {
    let [neighbour, filler, after] =
        ["neighbour", "filler", "after"].map(|name| format!("{name}-{what}"));
    let gate = executor.dir.path(&format!("gates/{what}"));
    let wait = format!("until [ -e {} ]; do sleep 0.02; done", gate.display());
    executor.submit(
        &neighbour,
        &format!("echo up; {wait}; echo still up"),
        json!({}),
    );
    executor.printed(&neighbour, "up\n").await;
    let script = format!("echo begun; {script} || {{ echo full; {wait}; exit 28; }}");
    executor.submit(&filler, &script, json!({}));
    executor.printed(&filler, "begun\nfull\n").await;

    // While it is full.
    executor.submit(&after, "echo after", json!({}));
    if what == "files" {
        let reason = format!("the work directory cannot be made: {NO_SPACE} (os error 28)");
        assert_eq!(executor.abandoned().await, (after, reason));
    } else {
        assert_eq!(executor.result(&after).await.stdout, "after\n");
    }
    assert_eq!(executor.left_behind(), 2, "of the neighbour and the filler");

    fs::write(&gate, "").expect("a file");
    let ended = executor.result(&filler).await;
    assert!(!ended.completed());
    assert_eq!(ended.exit_code, Some(28));
    assert_eq!(ended.error_message.as_deref(), Some("exited with code 28"));
    assert_eq!(ended.stdout, "begun\nfull\n");
    assert!(ended.stderr.contains(NO_SPACE), "{}", ended.stderr);
    assert_eq!(executor.log(&filler, "stderr"), ended.stderr);
    let ended = executor.result(&neighbour).await;
    assert!(ended.completed());
    assert_eq!(ended.stdout.as_str(), "up\nstill up\n");
}

#[test]
fn a_program_that_does_not_fit_is_left_to_others_and_leaves_nothing() {
    small_disk::run("full::a_program_does_not_fit");
}

#[tokio::test]
#[ignore = "it mounts: `a_program_that_does_not_fit_is_left_to_others_and_leaves_nothing` runs it"]
async fn a_program_does_not_fit() {
    let executor =
        TestExecutor::new(|settings| small_disk::mount(&settings.cache_dir, ROOM_BYTES, FILES))
            .await;
    let cache = executor.dir.path("data/cache");
    executor.submit("small", "echo small", json!({}));
    assert!(executor.result("small").await.completed());
    let filler = cache.join("filler");
    fs::write(&filler, vec![0; ROOM_BYTES / 2]).expect("it fits");
    let before = (names(&cache), free(&cache));

    let program = format!(
        "#!/bin/sh\necho large; exit\n{}",
        "#".repeat(ROOM_BYTES * 3 / 4)
    );
    let sha256 = digest(program.as_bytes()).to_string();
    let url = executor.programs.put("file", "large", program);
    executor.server.submit("large", &url, &sha256, &json!({}));
    let reason = format!("binary download failed: the cache failed: {NO_SPACE} (os error 28)");
    assert_eq!(executor.abandoned().await, ("large".to_owned(), reason));
    assert_eq!(
        (names(&cache), free(&cache)),
        before,
        "nothing is left of it"
    );

    // What is there still runs, and the other comes in when there is room.
    executor.submit("small", "echo small", json!({"id": "small-again"}));
    assert!(executor.result("small-again").await.completed());
    assert_eq!(executor.programs.requests("small"), 1);
    fs::remove_file(&filler).expect("it is removed");
    executor
        .server
        .submit("large-again", &url, &sha256, &json!({}));
    assert_eq!(executor.result("large-again").await.stdout, "large\n");
    executor.end().await;
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("it is there").flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_a_job_filled_is_free_before_the_server_takes_what_it_printed() {
    let executor = TestExecutor::new(|_| ()).await;
    executor
        .server
        .change(|state| state.log_failures = usize::MAX);
    let script = "echo printed; echo large >large; echo left >$OUTPUT_DIR/left";
    executor.submit("filler", script, json!({}));
    let attempts = executor.dir.path("data/work");
    let attempt = executor.until("it has begun", |_| {
        let mut entries = fs::read_dir(&attempts)
            .ok()?
            .flatten()
            .map(|entry| entry.path());
        entries.find(|entry| entry.join("output/left").exists())
    });
    let attempt = attempt.await;
    let is_free =
        |_: &TestExecutor| !attempt.join("home").exists() && !attempt.join("tmp").exists();
    executor.wait_for("its room is free", is_free).await;
    assert!(
        attempt.join("output/left").exists(),
        "what it leaves is sent first"
    );
    assert!(executor.server.result("filler").is_none());
    executor.server.change(|state| state.log_failures = 0);
    assert_eq!(executor.result("filler").await.stdout, "printed\n");
    assert_eq!(executor.log("filler", "stdout"), "printed\n");
    executor.end().await;
}
