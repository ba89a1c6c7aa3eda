//! Jobs that are stopped: by a cancel, by their time, by a lost lease, by the end of the executor.

use std::time::Duration;

use serde_json::json;

use super::{Shelf, execute, last, told};
use crate::{
    bed::{runs, unique_sleep},
    stage::Stage,
};

fn sleeper(shelf: &Shelf, sleep: &str) {
    // It ignores what asks it to end, and leaves the group.
    let script = format!("trap '' TERM; setsid sleep {sleep} & sleep {sleep}");
    shelf.script("sleeps", "", &execute(&script));
    shelf.counter("before", 1);
    shelf.counter("after", 1);
    shelf.component("spins", "", "(loop $for-ever (br $for-ever))");
}

/// Waits until nothing of it runs, and lets the executor go on meanwhile.
async fn gone(stage: &Stage, sleep: &str) {
    let gone = |_: &Stage| (!runs(sleep)).then_some(());
    stage.until("nothing of it runs", gone).await;
}

#[tokio::test]
async fn a_cancel_ends_the_plugin_that_runs_and_starts_no_other() {
    let (shelf, sleep) = (Shelf::new(), unique_sleep());
    sleeper(&shelf, &sleep);
    let stage = shelf.stage(|_| {}).await;
    stage
        .desk
        .submit_plugins("process", &["before", "sleeps", "after"], &json!({}));
    stage
        .desk
        .submit_plugins("component", &["before", "spins", "after"], &json!({}));
    for (id, plugin) in [("process", "sleeps"), ("component", "spins")] {
        let started = |stage: &Stage| {
            let notes = stage.desk.notes(id);
            told(&notes).contains(&format!("+{plugin}")).then_some(())
        };
        stage.until("it runs", started).await;
    }
    stage
        .until("the process runs", |_| runs(&sleep).then_some(()))
        .await;
    for id in ["process", "component"] {
        stage.desk.cancel(id);
        let result = stage.result(id).await;
        assert!(!result.completed && !result.finish.timed_out, "{result:?}");
        assert_eq!(last(&stage, id).ended.len(), 1);
    }
    gone(&stage, &sleep).await;
    stage.end().await;
}

#[tokio::test]
async fn the_time_is_the_whole_jobs() {
    let (shelf, sleep) = (Shelf::new(), unique_sleep());
    sleeper(&shelf, &sleep);
    let stage = shelf.stage(|_| {}).await;
    let more = json!({"remaining_ms": 10_000, "retries": 100});
    stage
        .desk
        .submit_plugins("process", &["before", "sleeps", "after"], &more);
    stage.desk.submit_plugins("component", &["spins"], &more);
    for (id, plugin) in [("process", "sleeps"), ("component", "spins")] {
        let result = stage.result(id).await;
        assert!(result.finish.timed_out, "{result:?}");
        let message = result.finish.error_message.expect("a reason");
        assert!(message.contains(plugin), "{message}");
    }
    gone(&stage, &sleep).await;
    stage.end().await;
}

#[tokio::test]
async fn a_lost_lease_stops_the_work_at_once_and_nothing_is_told() {
    let (shelf, sleep) = (Shelf::new(), unique_sleep());
    sleeper(&shelf, &sleep);
    let stage = shelf.stage(|_| {}).await;
    // Not the end of its lease stops it, which is an hour away.
    let more = json!({"lease_seconds": 3600.0});
    stage.desk.submit_plugins("job", &["sleeps"], &more);
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    stage.desk.change(|state| {
        state.held.remove("job");
    });
    gone(&stage, &sleep).await;
    let stage = stage.end().await;
    assert!(stage.desk.state().results.is_empty());
}

#[tokio::test]
async fn a_job_whose_lease_cannot_be_renewed_is_stopped_and_given_back_as_lost() {
    let (shelf, sleep) = (Shelf::new(), unique_sleep());
    sleeper(&shelf, &sleep);
    let stage = shelf.stage(|_| {}).await;
    let more = json!({"lease_seconds": 4.0});
    stage.desk.submit_plugins("job", &["sleeps"], &more);
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    stage.desk.change(|state| state.silent = true);
    gone(&stage, &sleep).await;
    stage.desk.change(|state| state.silent = false);
    let given_back = |stage: &Stage| stage.desk.state().abandoned.pop();
    let (job, why) = stage.until("it is given back", given_back).await;
    assert_eq!(
        (job.as_str(), why.as_str()),
        ("job", "its lease could not be renewed")
    );
    let stage = stage.end().await;
    assert!(stage.desk.state().released.is_empty());
}

#[tokio::test]
async fn a_note_waits_while_the_server_is_away_and_the_next_plugin_with_it() {
    let shelf = Shelf::new();
    let gate = shelf.0.path().join(".gate");
    let waits = format!(
        "while ! [ -e {} ]; do sleep 0.01; done; echo '{{\"metric\": {{\"n\": 1}}}}'",
        gate.display()
    );
    shelf.script("waits", "", &execute(&waits));
    shelf.counter("after", 1);
    let stage = shelf.stage(|_| {}).await;
    stage
        .desk
        .submit_plugins("job", &["waits", "after"], &json!({}));
    let started = |stage: &Stage| (!stage.desk.notes("job").is_empty()).then_some(());
    stage.until("it runs", started).await;
    stage.desk.change(|state| state.away = true);
    std::fs::write(&gate, "").expect("a file");
    stage
        .until("its process has ended", |stage| {
            (stage.left_behind() == 0).then_some(())
        })
        .await;
    assert_eq!(stage.desk.notes("job").len(), 1);
    stage.desk.change(|state| state.away = false);
    assert!(stage.result("job").await.completed);
    assert_eq!(
        told(&stage.desk.notes("job")),
        ["+waits", "waits", "+after", "after"]
    );
    stage.end().await;
}

#[tokio::test]
async fn a_drain_that_takes_too_long_gives_the_job_back() {
    let (shelf, sleep) = (Shelf::new(), unique_sleep());
    sleeper(&shelf, &sleep);
    let stage = shelf
        .stage(|settings| settings.drain_grace = Duration::from_millis(100))
        .await;
    stage
        .desk
        .submit_plugins("job", &["before", "sleeps"], &json!({}));
    stage.until("it runs", |_| runs(&sleep).then_some(())).await;
    let stage = stage.end().await;
    assert_eq!(stage.desk.state().released, ["job"]);
    assert!(!runs(&sleep));
}
