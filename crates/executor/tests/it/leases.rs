//! Leases that are lost or cannot be renewed, a server that is away, and drains.

use std::{
    fs,
    path::PathBuf,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::{
    bed::{runs, unique_sleep},
    desk::State,
    stage::Stage,
};

#[tokio::test]
async fn a_lost_lease_kills_the_job_and_nothing_is_reported() {
    let stage = Stage::new(|_| {}).await;
    let sleep = unique_sleep();
    stage.submit(
        "lost",
        &format!("trap '' TERM; echo ready; sleep {sleep}"),
        json!({}),
    );
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    stage.desk.change(|state| {
        state.held.remove("lost");
    });
    stage
        .until("it is killed", |_| (!runs(&sleep)).then_some(()))
        .await;
    let stage = stage.end().await;
    assert_eq!(stage.desk.state().results.len(), 0);
}

/// A job that was killed because its lease could not be renewed: `hinder` begins and ends what is in the
/// way.
async fn killed_for_its_lease(hinder: impl Fn(&mut State, bool)) -> Stage {
    let stage = Stage::new(|_| {}).await;
    let sleep = unique_sleep();
    let script = format!("trap '' TERM; sleep {sleep}");
    stage.submit("fenced", &script, json!({"lease_seconds": 4.0}));
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    stage.desk.change(|state| hinder(state, true));
    stage
        .until("it is killed", |_| (!runs(&sleep)).then_some(()))
        .await;
    stage.desk.change(|state| hinder(state, false));
    stage
}

#[tokio::test]
async fn a_job_whose_lease_cannot_be_renewed_is_killed_and_given_back_as_lost() {
    let stage = killed_for_its_lease(|state, silent| state.silent = silent).await;
    assert_eq!(counted(&stage).await, ["fenced"]);
    let stage = stage.end().await;
    assert_eq!(stage.desk.state().results.len(), 0);
}

#[tokio::test]
async fn a_job_that_is_killed_because_the_server_was_away_is_given_back_uncounted() {
    let stage = killed_for_its_lease(|state, away| state.away = away).await;
    let released = |stage: &Stage| stage.desk.state().released.pop();
    assert_eq!(stage.until("it is given back", released).await, "fenced");
    let stage = stage.end().await;
    assert!(stage.desk.state().abandoned.is_empty());
}

/// Waits until something is given back so that it counts, and answers what: a job that starves its
/// executor would else be begun again for ever.
async fn counted(stage: &Stage) -> Vec<String> {
    let given_back = stage
        .until("it is given back", |stage| {
            let state = stage.desk.state();
            assert!(state.released.is_empty(), "uncounted: {:?}", state.released);
            (!state.abandoned.is_empty()).then(|| state.abandoned.clone())
        })
        .await;
    let jobs = given_back.into_iter().map(|(job, why)| {
        assert_eq!(why, "its lease could not be renewed");
        job
    });
    jobs.collect()
}

#[tokio::test]
async fn a_job_whose_time_was_over_before_its_lease_ends_so() {
    let stage = Stage::new(|settings| settings.cancel_grace = Duration::from_secs(600)).await;
    let sleep = unique_sleep();
    let script = format!("trap '' TERM; sleep {sleep}");
    let more = json!({"timeout_seconds": 4, "lease_seconds": 8.0});
    stage.submit("late", &script, more);
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    stage.desk.change(|state| state.away = true);
    stage
        .until("it is killed", |_| (!runs(&sleep)).then_some(()))
        .await;
    stage.desk.change(|state| state.away = false);
    let late = stage.result("late").await;
    assert!(late.finish.timed_out && !late.completed, "{late:?}");
    let stage = stage.end().await;
    assert!(stage.desk.state().abandoned.is_empty());
}

#[tokio::test]
async fn leases_are_renewed_for_as_long_as_a_job_runs() {
    let stage = Stage::new(|_| {}).await;
    stage.submit("long", "sleep 10; echo done", json!({"lease_seconds": 4.0}));
    assert_eq!(stage.result("long").await.finish.stdout, "done\n");
    stage.end().await;
}

/// Submits a job that prints and ends when the file is there whose path is answered.
fn submit_patient(stage: &Stage) -> PathBuf {
    let script = "while ! [ -e \"$GO\" ]; do sleep 0.02; done; echo done";
    let go = stage.bed.path("go");
    let more = json!({"env_variables": {"GO": go}, "lease_seconds": 600.0});
    stage.submit("patient", script, more);
    go
}

#[tokio::test]
async fn a_finished_result_waits_for_a_server_that_is_away() {
    let stage = Stage::new(|_| {}).await;
    let go = submit_patient(&stage);
    stage
        .until("it is claimed", |stage| {
            stage
                .desk
                .state()
                .held
                .contains_key("patient")
                .then_some(())
        })
        .await;
    stage
        .until("it runs", |stage| (stage.left_behind() > 0).then_some(()))
        .await;
    stage.desk.change(|state| state.away = true);
    fs::write(&go, "").expect("the program goes on");
    stage
        .until("it has ended", |stage| {
            (stage.left_behind() == 0).then_some(())
        })
        .await;
    assert!(stage.desk.result("patient").is_none());
    stage.desk.change(|state| state.away = false);
    let result = stage.result("patient").await;
    assert!(result.completed);
    assert_eq!(result.finish.stdout, "done\n");
    assert_eq!(stage.log("patient", "stdout"), "done\n", "the last output");
    stage.end().await;
}

#[tokio::test]
async fn the_last_output_outlives_a_server_that_is_not_well_yet() {
    let stage = Stage::new(|_| {}).await;
    let go = submit_patient(&stage);
    stage
        .until("it runs", |stage| (stage.left_behind() > 0).then_some(()))
        .await;
    // Away for longer than the output waits for itself: then it waits with the result.
    stage.desk.change(|state| state.away = true);
    fs::write(&go, "").expect("the program goes on");
    tokio::time::sleep(Duration::from_secs(11)).await;
    stage.desk.change(|state| {
        state.log_failures = 2;
        state.away = false;
    });
    assert!(stage.result("patient").await.completed);
    assert_eq!(stage.log("patient", "stdout"), "done\n");
    stage.end().await;
}

#[tokio::test]
async fn a_claim_that_was_answered_late_does_not_lengthen_the_lease() {
    let stage = Stage::new(|_| {}).await;
    let sleep = unique_sleep();
    // The answer comes when the lease is over for the server.
    stage
        .desk
        .change(|state| state.claim_delay = Duration::from_secs(2));
    stage.submit(
        "late",
        &format!("sleep {sleep}"),
        json!({"lease_seconds": 2.0}),
    );
    assert_eq!(counted(&stage).await, ["late"]);
    assert!(!runs(&sleep));
    stage.end().await;
}

#[tokio::test]
async fn a_claim_that_is_answered_during_the_stop_is_not_lost() {
    let stage = Stage::new(|settings| settings.claim_grace = Duration::from_secs(60)).await;
    stage
        .desk
        .change(|state| state.claim_delay = Duration::from_secs(1));
    stage.submit("claimed", "echo done", json!({}));
    let claimed = |stage: &Stage| stage.desk.state().queue.is_empty().then_some(());
    stage.until("it is claimed", claimed).await;
    let stage = stage.end().await;
    let result = stage.desk.result("claimed").expect("it is performed");
    assert!(result.completed, "{result:?}");
}

#[tokio::test]
async fn a_drain_lets_jobs_end_and_claims_no_more() {
    let stage = Stage::new(|settings| settings.slots = 1).await;
    let go = stage.bed.path("go");
    let script = "while ! [ -e \"$GO\" ]; do sleep 0.02; done; echo done";
    stage.submit("running", script, json!({"env_variables": {"GO": go}}));
    stage
        .until("it runs", |stage| (stage.left_behind() > 0).then_some(()))
        .await;
    stage.stop.cancel();
    stage.submit("later", "echo never", json!({}));
    fs::write(&go, "").expect("the program goes on");
    let stage = stage.ended().await;
    assert!(
        stage
            .desk
            .result("running")
            .expect("it is reported")
            .completed
    );
    assert_eq!(stage.desk.state().queue.len(), 1);
}

#[tokio::test]
async fn a_drain_that_takes_too_long_gives_jobs_back() {
    let stage = Stage::new(|settings| {
        settings.drain_grace = Duration::from_millis(100);
        settings.cancel_grace = Duration::from_millis(100);
    })
    .await;
    let sleep = unique_sleep();
    stage.submit("long", &format!("trap '' TERM; sleep {sleep}"), json!({}));
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    let stage = stage.end().await;
    assert!(!runs(&sleep));
    assert_eq!(stage.desk.state().released, ["long"]);
    assert_eq!(stage.desk.state().results.len(), 0);
}

#[tokio::test]
async fn a_long_job_keeps_its_lease_while_others_arrive() {
    /// Well within the time that a renewal waits for news, and all together longer than the lease.
    const PERIOD: Duration = Duration::from_millis(300);
    const OTHERS: usize = 20;
    let stage = Stage::new(|settings| settings.slots = 32).await;
    let go = stage.bed.path("go");
    let more = json!({"env_variables": {"GO": go}, "lease_seconds": 5.0});
    // None of the others ends meanwhile: that would answer the renewal.
    let script = "while ! [ -e \"$GO\" ]; do sleep 0.5; done; echo done";
    stage.submit("long", script, more.clone());
    let mut last = Instant::now();
    let mut submitted = 0;
    stage
        .until("all are there", |stage| {
            let state = stage.desk.state();
            let given_back = (&state.released, &state.abandoned);
            assert!(
                given_back.0.is_empty() && given_back.1.is_empty(),
                "given back: {given_back:?}"
            );
            drop(state);
            if last.elapsed() >= PERIOD {
                stage.submit(&format!("other-{submitted}"), script, more.clone());
                submitted += 1;
                last = Instant::now();
            }
            (submitted == OTHERS).then_some(())
        })
        .await;
    fs::write(&go, "").expect("the programs go on");
    assert_eq!(stage.result("long").await.finish.stdout, "done\n");
    stage.end().await;
}
