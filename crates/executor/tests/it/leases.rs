//! Leases that are lost or cannot be renewed, a server that is away, and drains.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::json;
use wire::executors::ResultOutcome;

use crate::{
    fake_server::State,
    test_dir::{runs, unique_sleep},
    test_executor::TestExecutor,
};

#[tokio::test]
async fn a_lost_lease_kills_the_job_and_nothing_is_reported() {
    let executor = TestExecutor::new(|_| {}).await;
    let sleep = unique_sleep();
    executor.submit(
        "lost",
        &format!("trap '' TERM; echo ready; sleep {sleep}"),
        json!({}),
    );
    executor.sees(&sleep, true).await;
    executor.server.change(|state| {
        state.held.remove("lost");
    });
    executor.sees(&sleep, false).await;
    let executor = executor.end().await;
    assert_eq!(executor.server.state().results.len(), 0);
}

/// A job that was killed because its lease could not be renewed: `hinder` begins and ends what is in the
/// way.
async fn killed_for_its_lease(hinder: impl Fn(&mut State, bool)) -> TestExecutor {
    let executor = TestExecutor::new(|_| {}).await;
    let sleep = unique_sleep();
    let script = format!("trap '' TERM; sleep {sleep}");
    executor.submit("fenced", &script, json!({"lease_seconds": 4.0}));
    executor.sees(&sleep, true).await;
    executor.server.change(|state| hinder(state, true));
    executor.sees(&sleep, false).await;
    executor.server.change(|state| hinder(state, false));
    executor
}

#[tokio::test]
async fn a_job_whose_lease_cannot_be_renewed_is_killed_and_given_back_as_lost() {
    let executor = killed_for_its_lease(|state, silent| state.silent = silent).await;
    assert_eq!(counted(&executor).await, ["fenced"]);
    let executor = executor.end().await;
    assert_eq!(executor.server.state().results.len(), 0);
}

#[tokio::test]
async fn a_job_that_is_killed_because_the_server_was_away_is_given_back_uncounted() {
    let executor = killed_for_its_lease(|state, away| state.away = away).await;
    let released = |executor: &TestExecutor| executor.server.state().released.pop();
    assert_eq!(executor.until("it is given back", released).await, "fenced");
    let executor = executor.end().await;
    assert!(executor.server.state().abandoned.is_empty());
}

/// Waits until something is released so that it counts, and answers what: a job that starves its
/// executor would else be begun again forever.
async fn counted(executor: &TestExecutor) -> Vec<String> {
    let released = executor
        .until("it is given back", |executor| {
            let state = executor.server.state();
            assert!(state.released.is_empty(), "uncounted: {:?}", state.released);
            (!state.abandoned.is_empty()).then(|| state.abandoned.clone())
        })
        .await;
    let jobs = released.into_iter().map(|(job, why)| {
        assert_eq!(why, "its lease could not be renewed");
        job
    });
    jobs.collect()
}

#[tokio::test]
async fn a_job_whose_time_was_over_before_its_lease_ends_so() {
    let executor =
        TestExecutor::new(|settings| settings.cancel_grace = Duration::from_secs(600)).await;
    let sleep = unique_sleep();
    let script = format!("trap '' TERM; sleep {sleep}");
    let more = json!({"timeout_seconds": 4, "lease_seconds": 8.0});
    executor.submit("late", &script, more);
    executor.sees(&sleep, true).await;
    executor.server.change(|state| state.away = true);
    executor.sees(&sleep, false).await;
    executor.server.change(|state| state.away = false);
    let late = executor.result("late").await;
    assert_eq!(late.outcome, ResultOutcome::TimedOut, "{late:?}");
    let executor = executor.end().await;
    assert!(executor.server.state().abandoned.is_empty());
}

#[tokio::test]
async fn leases_are_renewed_for_as_long_as_a_job_runs() {
    let executor = TestExecutor::new(|_| {}).await;
    executor.submit("long", "sleep 10; echo done", json!({"lease_seconds": 4.0}));
    assert_eq!(executor.result("long").await.stdout, "done\n");
    executor.end().await;
}

/// Submits a job that prints and ends when the file is there whose path is answered.
fn submit_patient(executor: &TestExecutor) -> PathBuf {
    let script = "while ! [ -e \"$GO\" ]; do sleep 0.02; done; echo done";
    let go = executor.dir.path("gates/go");
    let more = json!({"env_variables": {"GO": go}, "lease_seconds": 600.0});
    executor.submit("patient", script, more);
    go
}

#[tokio::test]
async fn a_finished_result_waits_for_a_server_that_is_away() {
    let executor = TestExecutor::new(|_| {}).await;
    let go = submit_patient(&executor);
    executor
        .wait_for("it is claimed", |executor| {
            executor.server.state().held.contains_key("patient")
        })
        .await;
    executor.works(true).await;
    executor.server.change(|state| state.away = true);
    fs::write(&go, "").expect("the program goes on");
    executor.works(false).await;
    assert!(executor.server.result("patient").is_none());
    executor.server.change(|state| state.away = false);
    let result = executor.result("patient").await;
    assert!(result.completed());
    assert_eq!(result.stdout, "done\n");
    assert_eq!(
        executor.log("patient", "stdout"),
        "done\n",
        "the last output"
    );
    executor.end().await;
}

#[tokio::test]
async fn the_last_output_outlives_a_server_that_is_not_well_yet() {
    let executor = TestExecutor::new(|_| {}).await;
    let go = submit_patient(&executor);
    executor.works(true).await;
    // Away for longer than the output waits for itself: then it waits with the result.
    executor.server.change(|state| state.away = true);
    fs::write(&go, "").expect("the program goes on");
    tokio::time::sleep(Duration::from_secs(11)).await;
    executor.server.change(|state| {
        state.log_failures = 2;
        state.away = false;
    });
    assert!(executor.result("patient").await.completed());
    assert_eq!(executor.log("patient", "stdout"), "done\n");
    executor.end().await;
}

#[tokio::test]
async fn a_claim_that_was_answered_late_does_not_lengthen_the_lease() {
    let executor = TestExecutor::new(|_| {}).await;
    let sleep = unique_sleep();
    // The answer comes when the lease is over for the server.
    executor
        .server
        .change(|state| state.claim_delay = Duration::from_secs(2));
    executor.submit(
        "late",
        &format!("sleep {sleep}"),
        json!({"lease_seconds": 2.0}),
    );
    assert_eq!(counted(&executor).await, ["late"]);
    assert!(!runs(&sleep));
    executor.end().await;
}

#[tokio::test]
async fn a_claim_that_is_answered_during_the_stop_is_not_lost() {
    let executor =
        TestExecutor::new(|settings| settings.claim_grace = Duration::from_secs(60)).await;
    executor
        .server
        .change(|state| state.claim_delay = Duration::from_secs(1));
    executor.submit("claimed", "echo done", json!({}));
    let claimed = |executor: &TestExecutor| executor.server.state().queue.is_empty();
    executor.wait_for("it is claimed", claimed).await;
    let executor = executor.end().await;
    let result = executor.server.result("claimed").expect("it is performed");
    assert!(result.completed(), "{result:?}");
}

#[tokio::test]
async fn a_drain_lets_jobs_end_and_claims_no_more() {
    let executor = TestExecutor::new(|settings| settings.slots = 1).await;
    let go = executor.dir.path("gates/go");
    let script = "while ! [ -e \"$GO\" ]; do sleep 0.02; done; echo done";
    executor.submit("running", script, json!({"env_variables": {"GO": go}}));
    executor.works(true).await;
    executor.stop.cancel();
    executor.submit("later", "echo never", json!({}));
    fs::write(&go, "").expect("the program goes on");
    let executor = executor.ended().await;
    assert!(
        executor
            .server
            .result("running")
            .expect("it is reported")
            .completed()
    );
    assert_eq!(executor.server.state().queue.len(), 1);
}

#[tokio::test]
async fn a_drain_that_takes_too_long_gives_jobs_back() {
    let executor = TestExecutor::new(|settings| {
        settings.drain_grace = Duration::from_millis(100);
        settings.cancel_grace = Duration::from_millis(100);
    })
    .await;
    let sleep = unique_sleep();
    executor.submit("long", &format!("trap '' TERM; sleep {sleep}"), json!({}));
    executor.sees(&sleep, true).await;
    let executor = executor.end().await;
    assert!(!runs(&sleep));
    assert_eq!(executor.server.state().released, ["long"]);
    assert_eq!(executor.server.state().results.len(), 0);
}

#[tokio::test]
async fn a_long_job_keeps_its_lease_while_others_arrive() {
    /// Well within the time that a renewal waits for news, and all together longer than the lease.
    const PERIOD: Duration = Duration::from_millis(300);
    const OTHERS: usize = 20;
    let executor = TestExecutor::new(|settings| settings.slots = 32).await;
    let go = executor.dir.path("gates/go");
    let more = json!({"env_variables": {"GO": go}, "lease_seconds": 5.0});
    // None of the others ends meanwhile: that would answer the renewal.
    let script = "while ! [ -e \"$GO\" ]; do sleep 0.5; done; echo done";
    executor.submit("long", script, more.clone());
    let mut last = Instant::now();
    let mut submitted = 0;
    executor
        .until("all are there", |executor| {
            let state = executor.server.state();
            let released = (&state.released, &state.abandoned);
            assert!(
                released.0.is_empty() && released.1.is_empty(),
                "given back: {released:?}"
            );
            drop(state);
            if last.elapsed() >= PERIOD {
                executor.submit(&format!("other-{submitted}"), script, more.clone());
                submitted += 1;
                last = Instant::now();
            }
            (submitted == OTHERS).then_some(())
        })
        .await;
    fs::write(&go, "").expect("the programs go on");
    assert_eq!(executor.result("long").await.stdout, "done\n");
    executor.end().await;
}
