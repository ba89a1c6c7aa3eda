//! Runs that were claimed ahead of free slots, and results that are exchanged for runs.

use std::fs;

use serde_json::json;

use crate::test_executor::TestExecutor;

/// Runs until the file exists.
const WAITS: &str = "while ! [ -e \"$GO\" ]; do sleep 0.02; done; echo done";

/// An executor with one slot, on which `long` runs, and so many places ahead.
async fn busy(prefetch: u32) -> (TestExecutor, std::path::PathBuf) {
    let executor = TestExecutor::new(|settings| {
        settings.slots = 1;
        settings.prefetch = prefetch;
    })
    .await;
    let go = executor.dir.path("gates/go");
    executor.submit("long", WAITS, json!({"env_variables": {"GO": go}}));
    executor.works(true).await;
    (executor, go)
}

async fn owned(executor: &TestExecutor, count: usize) {
    let owns = |executor: &TestExecutor| executor.server.state().held.len() == count;
    executor.wait_for("so many are claimed", owns).await;
}

async fn released(executor: &TestExecutor, count: usize) {
    let done = |executor: &TestExecutor| executor.server.state().released.len() == count;
    executor.wait_for("so many are released", done).await;
}

#[tokio::test]
async fn runs_that_wait_start_in_the_slots_that_become_free() {
    let (executor, go) = busy(2).await;
    for id in ["one", "two", "three"] {
        executor.submit(id, "echo done", json!({}));
    }
    owned(&executor, 3).await;
    assert_eq!(executor.left_behind(), 1, "only one runs");
    assert_eq!(executor.server.state().queue.len(), 1);
    fs::write(&go, "").expect("the program goes on");
    for id in ["long", "one", "two", "three"] {
        assert!(executor.result(id).await.completed(), "{id}");
    }
    assert_eq!(executor.server.state().most_held, 3);
    assert_eq!(executor.end().await.server.state().released.len(), 0);
}

#[tokio::test]
async fn a_drain_releases_runs_that_wait() {
    let (executor, go) = busy(2).await;
    for id in ["one", "two"] {
        executor.submit(id, "echo never", json!({}));
    }
    owned(&executor, 3).await;
    executor.stop.cancel();
    released(&executor, 2).await;
    fs::write(&go, "").expect("the program goes on");
    let executor = executor.ended().await;
    let ran: Vec<String> = executor
        .server
        .state()
        .results
        .iter()
        .map(|result| result.run_id.clone())
        .collect();
    assert_eq!(ran, ["long"]);
}

#[tokio::test]
async fn a_run_that_finds_no_slot_in_time_is_released_and_none_is_claimed_in_its_place() {
    for more in [
        json!({"lease_seconds": 2.0}),
        json!({"timeout_seconds": 10}),
    ] {
        let (executor, go) = busy(1).await;
        executor.submit("waits", "echo never", more);
        owned(&executor, 2).await;
        executor.submit("other", "echo done", json!({}));
        released(&executor, 1).await;
        assert_eq!(executor.server.state().released, ["waits"]);
        assert_eq!(executor.server.state().queue.len(), 1, "it claims ahead");
        fs::write(&go, "").expect("the program goes on");
        assert!(executor.result("other").await.completed());
        executor.end().await;
    }
}

#[tokio::test]
async fn a_run_that_waits_is_cancelled_and_lost_at_once() {
    let (executor, go) = busy(2).await;
    for id in ["cancelled", "lost"] {
        executor.submit(id, "echo never", json!({}));
    }
    owned(&executor, 3).await;
    executor.server.cancel("cancelled");
    let cancelled = executor.result("cancelled").await;
    assert_eq!(cancelled.error_message.as_deref(), Some("cancelled"));
    executor
        .server
        .change(|state| _ = state.held.remove("lost"));
    executor.submit("next", "echo done", json!({}));
    executor.submit("last", "echo done", json!({}));
    // Its place is free again, as is that of the cancelled one.
    owned(&executor, 3).await;
    fs::write(&go, "").expect("the program goes on");
    assert!(executor.result("last").await.completed());
    assert!(executor.end().await.server.result("lost").is_none());
}

#[tokio::test]
async fn a_full_executor_claims_with_its_results() {
    let (executor, go) = busy(0).await;
    for number in 0..20 {
        executor.submit(&format!("job-{number}"), "echo done", json!({}));
    }
    fs::write(&go, "").expect("the program goes on");
    executor.result("job-19").await;
    let claims = executor.server.state().claims;
    // Its first, and at most one that found the place of a result which brought no run.
    assert!(claims <= 2, "{claims} claims without results");
    executor.end().await;
}
