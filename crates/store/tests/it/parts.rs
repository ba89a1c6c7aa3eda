//! Work in parts: checkpoints that tell of one, leases under which one ended, the time of all attempts
//! together, and runs that are deleted on request.

use engine::{AttemptOutcome, Kind, NewRun, PartChange, Run, Stage, Status};
use store::{
    Error, Store,
    runs::{self, Claim},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_part_is_told_with_what_its_holder_says,
    a_loss_after_a_part_is_no_strike,
    the_time_of_all_attempts_is_bounded,
    a_command_reaches_runs_of_its_kind_only,
    an_ended_run_is_deleted_on_request,
);

const QUEUE: &str = "plugin_job:one,two";

fn plugin_job() -> NewRun {
    NewRun {
        kind: Kind::PluginJob,
        queue: QUEUE.to_owned(),
        max_attempts: 2,
        ..job()
    }
}

async fn taken(store: &Store, now: i64) -> Run {
    let claim = Claim {
        queues: vec![QUEUE.to_owned()],
        now,
        ..claim("a", 1)
    };
    store.claim(claim).await.unwrap().pop().expect("a run").run
}

async fn noted(store: &Store, run: &Run, stage: Stage, told: &str, body: &'static [u8]) {
    let (id, by) = (run.id, holder(run));
    let part = PartChange {
        name: "one".to_owned(),
        stage,
        again: false,
        event_data: told.to_owned(),
    };
    let note = move |batch: &mut store::Batch<'_, '_>| {
        runs::checkpoint(batch, id, by.clone(), Some(part.clone()), body, NOW)
    };
    store.write(note).await.unwrap();
}

async fn expire(store: &Store, now: i64) -> usize {
    store
        .write(move |batch| runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, now))
        .await
        .unwrap()
        .len()
}

async fn a_part_is_told_with_what_its_holder_says(db: &Database) {
    let store = db.open();
    submitted(&store, plugin_job()).await;
    let run = taken(&store, NOW).await;
    noted(&store, &run, Stage::Started, "", b"1").await;
    let told = r#"{"metric": {"n": 1}, "status": "forged", "plugin": "forged"}"#;
    noted(&store, &run, Stage::Completed, told, b"2").await;
    let id = run.id;
    let events = store
        .read(move |read| store::events::after(read, 0, Some(id), 100))
        .await
        .unwrap();
    let types: Vec<&str> = events.iter().map(|event| &*event.event_type).collect();
    let expected = ["submitted", "started", "plugin_started", "plugin_completed"];
    assert_eq!(types, expected.map(|word| format!("plugin_job.{word}")));
    let data: serde_json::Value = serde_json::from_str(&events[3].data).unwrap();
    assert_eq!(data["plugin"], "one");
    assert_eq!(data["metric"]["n"], 1);
    assert_eq!(data["status"], "running");
    let read = move |read: &mut store::Read<'_, '_>| {
        Ok((
            runs::checkpoint_by(read, id)?,
            store::events::newest_at(read, id)?,
            runs::input(read, id)?,
        ))
    };
    let (checkpoint, newest, input) = store.read(read).await.unwrap();
    assert_eq!(checkpoint, Some((run.token, b"2".to_vec())));
    assert_eq!((newest, input), (Some(NOW), id.as_bytes().to_vec()));
    assert_eq!(details(&store, id).await.run.last_progress_token, run.token);
    db.check();
}

async fn a_loss_after_a_part_is_no_strike(db: &Database) {
    let store = db.open();
    let id = submitted(&store, plugin_job()).await;
    let mut now = NOW;
    // (the stage that was noted before the loss, failures after it)
    for (stage, failure_count) in [
        (Some(Stage::Completed), 0),
        (Some(Stage::Started), 1),
        (Some(Stage::Failed), 1),
        (None, 2),
    ] {
        let run = taken(&store, now).await;
        if let Some(stage) = stage {
            noted(&store, &run, stage, "", b"note").await;
        }
        now += LEASE_MS;
        assert_eq!(expire(&store, now).await, 1);
        assert_eq!(
            details(&store, id).await.run.failure_count,
            failure_count,
            "{stage:?}"
        );
    }
    let found = details(&store, id).await;
    assert_eq!(found.run.state.status(), Status::Failed);
    assert_eq!(found.attempts.len(), 4);
    db.check();
}

async fn the_time_of_all_attempts_is_bounded(db: &Database) {
    let store = db.open();
    let limited = || NewRun {
        whole_timeout_ms: Some(100_000),
        max_attempts: 9,
        ..plugin_job()
    };
    let id = submitted(&store, limited()).await;
    let run = taken(&store, NOW).await;
    assert_eq!(
        (run.deadline, run.whole_timeout_ms),
        (Some(NOW + 100_000), Some(100_000))
    );
    assert_eq!(expire(&store, NOW + LEASE_MS).await, 1);
    // The second attempt has what is left.
    let again = taken(&store, NOW + 40_000).await;
    assert_eq!(again.deadline, run.deadline);
    assert_eq!(expire(&store, NOW + 40_000 + LEASE_MS).await, 1);
    assert_eq!(expire(&store, NOW + 99_999).await, 0);
    assert_eq!(expire(&store, NOW + 100_000).await, 1);
    let found = details(&store, id).await;
    assert_eq!(found.run.state.status(), Status::Failed);
    assert!(found.result.error.unwrap().contains("time was over"));
    assert!(
        found
            .attempts
            .iter()
            .all(|attempt| attempt.status == "lost")
    );
    // One whose executor keeps it loses it soon after its time.
    let id = submitted(&store, limited()).await;
    let run = taken(&store, NOW).await;
    let mut beat = heartbeat(&run);
    beat.now = NOW + 150_000;
    store.heartbeat(beat).await.unwrap();
    assert_eq!(expire(&store, NOW + 159_999).await, 0);
    assert_eq!(expire(&store, NOW + 160_000).await, 1);
    let found = details(&store, id).await;
    assert_eq!(found.attempts[0].status, "overtime");
    assert_eq!(found.run.state.status(), Status::Failed);
    db.check();
}

async fn a_command_reaches_runs_of_its_kind_only(db: &Database) {
    let store = db.open();
    let id = submitted(&store, plugin_job()).await;
    let cancel = |kind| {
        store.write(move |batch| {
            runs::apply_to(batch, kind, id, &engine::Command::CancelPending, NOW)
        })
    };
    assert!(matches!(cancel(Kind::Job).await, Err(Error::NotFound(_))));
    assert_eq!(details(&store, id).await.run.state.status(), Status::Queued);
    cancel(Kind::PluginJob).await.unwrap();
    assert_eq!(
        details(&store, id).await.run.state.status(),
        Status::Cancelled
    );
}

async fn an_ended_run_is_deleted_on_request(db: &Database) {
    let store = db.open();
    let id = submitted(&store, plugin_job()).await;
    let delete = |kind| store.write(move |batch| store::retention::run(batch, kind, id));
    assert!(matches!(
        delete(Kind::PluginJob).await,
        Err(Error::Rejected(_))
    ));
    let run = taken(&store, NOW).await;
    noted(&store, &run, Stage::Completed, "", b"note").await;
    assert!(matches!(
        delete(Kind::PluginJob).await,
        Err(Error::Rejected(_))
    ));
    finished(&store, finish(&run, AttemptOutcome::Completed))
        .await
        .unwrap();
    assert!(matches!(delete(Kind::Job).await, Err(Error::NotFound(_))));
    delete(Kind::PluginJob).await.unwrap();
    assert!(matches!(
        delete(Kind::PluginJob).await,
        Err(Error::NotFound(_))
    ));
    let read = move |read: &mut store::Read<'_, '_>| {
        Ok((
            runs::statuses(read, &[id])?,
            runs::checkpoint_of(read, id)?,
            runs::counts(read)?,
        ))
    };
    let (statuses, checkpoint, counts) = store.read(read).await.unwrap();
    assert_eq!((statuses, checkpoint), (vec![None], None));
    assert!(counts.iter().all(|(.., n)| *n == 0), "{counts:?}");
    db.check();
}
