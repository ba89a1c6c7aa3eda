//! What is wrong with the executor's machine, and what jobs leave on it.

use std::fs;

use executor::{
    Isolation,
    binaries::{Binaries, FetchLimits},
};
use nix::mount::{MsFlags, mount};
use serde_json::json;

use crate::{binaries::digest, test_executor::TestExecutor};

#[tokio::test]
async fn a_tree_of_any_depth_that_a_job_leaves_is_removed() {
    let executor = TestExecutor::new(|settings| settings.isolation = Isolation::None).await;
    let deep =
        "python3 -c 'import os\nfor _ in range(5000):\n    os.mkdir(\"d\"); os.chdir(\"d\")'";
    executor.submit("deep", deep, json!({}));
    let ended = executor.result("deep").await;
    assert!(ended.completed(), "{}", ended.stderr);
    assert_eq!(executor.left_behind(), 0);
    executor.submit("next", "echo next", json!({}));
    assert_eq!(executor.result("next").await.stdout, "next\n");
    executor.end().await;
}

#[test]
fn what_cannot_be_removed_is_set_aside() {
    small_disk::run("health::a_mount_stays");
}

#[tokio::test]
#[ignore = "it mounts: `what_cannot_be_removed_is_set_aside` runs it"]
async fn a_mount_stays() {
    let executor = TestExecutor::new(|settings| {
        // As a crash left it, under the name that the first attempt would get.
        let stays = settings.work_dir.join("attempt-0/stays");
        small_disk::mount(&stays, 1 << 20, 16);
        fs::write(settings.work_dir.join("attempt-0/file"), "").expect("written");
    })
    .await;
    executor.submit("job", "echo works", json!({}));
    assert_eq!(executor.result("job").await.stdout, "works\n");
    let aside = executor.dir.path("data/work/.left-0");
    assert!(aside.join("stays").exists() && !aside.join("file").exists());
    assert_eq!(executor.left_behind(), 1, "what was set aside");
    nix::mount::umount(&aside.join("stays")).expect("unmounted");
    fs::remove_dir_all(&aside).expect("removed");
    executor.end().await;
}

#[test]
fn an_executor_that_can_run_no_file_of_its_cache_claims_nothing_and_says_why() {
    small_disk::run("health::a_cache_is_noexec");
}

#[tokio::test]
#[ignore = "it mounts: `an_executor_that_can_run_no_file_of_its_cache_claims_nothing_and_says_why` runs it"]
async fn a_cache_is_noexec() {
    let executor = TestExecutor::new(|settings| {
        small_disk::mount(&settings.cache_dir, 2 << 20, 64);
        remount(&settings.cache_dir, MsFlags::MS_NOEXEC);
    })
    .await;
    let cache = executor.dir.path("data/cache");
    let registration = executor.registration().await;
    let why = registration.suspended.expect("it says so at once");
    assert!(
        why.contains("no file in it can be run") && why.contains("noexec"),
        "{why}"
    );
    executor.submit("job", "echo works", json!({}));
    // It is not claimed, and waits for an executor that can.
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert!(executor.server.result("job").is_none());
    assert!(executor.server.state().abandoned.is_empty());
    remount(&cache, MsFlags::empty());
    assert_eq!(executor.result("job").await.stdout, "works\n");
    executor
        .wait_for("it says that it works", |executor| {
            let state = executor.server.state();
            state
                .registration
                .as_ref()
                .is_some_and(|now| now.suspended.is_none())
        })
        .await;
    // It is mounted otherwise while it runs: the job is released, not failed.
    remount(&cache, MsFlags::MS_NOEXEC);
    executor.submit("later", "echo later", json!({}));
    let (run, reason) = executor.abandoned().await;
    assert_eq!(run, "later");
    assert!(reason.contains("noexec"), "{reason}");
    assert!(executor.server.result("later").is_none());
    executor.end().await;
}

fn remount(path: &std::path::Path, flags: MsFlags) {
    let none = None::<&str>;
    mount(none, path, none, MsFlags::MS_REMOUNT | flags, none).expect("mounted otherwise");
}

#[tokio::test]
async fn directories_that_are_removed_are_made_again_and_locked() {
    let executor = TestExecutor::new(|_| {}).await;
    let [cache, work] = ["data/cache", "data/work"].map(|name| executor.dir.path(name));
    for id in ["first", "second"] {
        executor.submit(id, &format!("echo {id}"), json!({}));
        let ended = executor.result(id).await;
        assert!(ended.completed(), "{:?}", ended.error_message);
        fs::remove_dir_all(&cache).expect("removed");
        fs::remove_dir_all(&work).expect("removed");
    }
    executor.submit("first-again", "echo first", json!({}));
    assert!(executor.result("first-again").await.completed());
    let again = Binaries::open(&cache, 1 << 20, FetchLimits::new(1 << 20));
    let error = again.err().expect("it is locked").to_string();
    assert_eq!(error, "another executor uses it");
    assert!(executor.server.state().abandoned.is_empty());
    executor.end().await;
}

#[tokio::test]
async fn several_different_jobs_in_a_row_that_do_not_start_suspend_the_executor() {
    let executor = TestExecutor::new(|_| {}).await;
    for number in 0..5 {
        let id = format!("broken-{number}");
        let program = format!("#!/no/such/interpreter\n{number}\n");
        let sha256 = digest(program.as_bytes()).to_string();
        let url = executor.programs.put("file", &id, program);
        executor.server.submit(&id, &url, &sha256, &json!({}));
        assert!(!executor.result(&id).await.completed());
    }
    let why = executor
        .until("it says why", |executor| {
            let state = executor.server.state();
            state.registration.as_ref()?.suspended.clone()
        })
        .await;
    assert!(why.contains("5 different jobs in a row"), "{why}");
    assert!(why.contains("/no/such/interpreter"), "{why}");
    // It tries again by itself.
    executor.submit("good", "echo good", json!({}));
    assert_eq!(executor.result("good").await.stdout, "good\n");
    executor
        .wait_for("it says that it works", |executor| {
            let state = executor.server.state();
            state
                .registration
                .as_ref()
                .is_some_and(|now| now.suspended.is_none())
        })
        .await;
    executor.end().await;
}
