//! Work in parts: their rows and events, leases under which one ended, the time of all attempts together,
//! and runs that are deleted on request.

use engine::{AttemptOutcome, Command, Kind, NewRun, Run, Signal, Stage, Status};
use store::{
    Error, Store,
    runs::{self, Claim, PartReport, PartRow},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_part_has_an_event_with_what_its_holder_says,
    the_same_report_changes_nothing,
    a_part_that_ended_cannot_change,
    open_parts_end_with_their_attempt,
    parts_are_read_by_pages,
    a_loss_after_a_part_is_no_failure,
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

async fn rows(store: &Store, run: &Run) -> Vec<PartRow> {
    let id = run.id;
    let read = move |read: &mut store::Read<'_, '_>| runs::parts(read, id, 0, 100);
    store.read(read).await.unwrap()
}

async fn state(store: &Store, run: &Run) -> Option<Vec<u8>> {
    let id = run.id;
    store.read(move |read| runs::state(read, id)).await.unwrap()
}

async fn expire(store: &Store, now: i64) -> usize {
    store
        .write(move |batch| runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, now))
        .await
        .unwrap()
        .len()
}

async fn a_part_has_an_event_with_what_its_holder_says(db: &Database) {
    let store = db.open();
    submitted(&store, plugin_job()).await;
    let run = taken(&store, NOW).await;
    report(&store, &run, vec![part(1, Stage::Started, "")]).await;
    let forged = r#"{"metric": {"n": 1}, "status": "forged", "plugin": "forged"}"#;
    let completed = PartReport {
        event_data: forged.to_owned(),
        ..part(1, Stage::Completed, "")
    };
    report(&store, &run, vec![completed]).await;
    let id = run.id;
    let events = store
        .read(move |read| store::events::after(read, 0, Some(id), 100))
        .await
        .unwrap();
    let types: Vec<&str> = events.iter().map(|event| &*event.event_type).collect();
    let expected = ["submitted", "started", "plugin_started", "plugin_completed"];
    assert_eq!(types, expected.map(|word| format!("plugin_job.{word}")));
    let data: serde_json::Value = serde_json::from_str(&events[3].data).unwrap();
    assert_eq!(data["plugin"], "part 1");
    assert_eq!(data["metric"]["n"], 1);
    assert_eq!(data["status"], "running");
    let read = move |read: &mut store::Read<'_, '_>| {
        Ok((store::events::newest_at(read, id)?, runs::input(read, id)?))
    };
    let (newest, input) = store.read(read).await.unwrap();
    assert_eq!((newest, input), (Some(NOW), id.as_bytes().to_vec()));
    assert_eq!(details(&store, id).await.run.last_progress_token, run.token);
    db.check();
}

async fn the_same_report_changes_nothing(db: &Database) {
    let store = db.open();
    submitted(&store, plugin_job()).await;
    let run = taken(&store, NOW).await;
    let mut again = part(1, Stage::Started, "");
    again.tries = 2;
    let steps = [
        (vec![part(1, Stage::Started, "")], None),
        (vec![again], None),
        (
            vec![part(1, Stage::Completed, "1"), part(2, Stage::Started, "")],
            Some(&b"state"[..]),
        ),
        (
            vec![part(2, Stage::Failed, "2"), part(3, Stage::Skipped, "3")],
            None,
        ),
        (Vec::new(), Some(&b"late state"[..])),
    ];
    for (parts, state) in steps.clone() {
        let once = try_report(&store, &run, parts.clone(), state)
            .await
            .unwrap();
        let before = rows(&store, &run).await;
        let twice = try_report(&store, &run, parts, state).await.unwrap();
        assert_eq!(once, twice);
        assert_eq!(rows(&store, &run).await, before);
    }
    // A request that was repeated, and delayed, does not bring an old state back.
    let (late, old) = steps[2].clone();
    let late = vec![late[0].clone()];
    try_report(&store, &run, late, old).await.unwrap();
    assert_eq!(
        state(&store, &run).await.as_deref(),
        Some(&b"late state"[..])
    );
    let expected = "submitted started plugin_started checkpointed plugin_completed plugin_started \
        plugin_failed plugin_skipped checkpointed";
    assert_eq!(words(&store, run.id).await.join(" "), expected);
    db.check();
}

async fn a_part_that_ended_cannot_change(db: &Database) {
    let store = db.open();
    submitted(&store, plugin_job()).await;
    let run = taken(&store, NOW).await;
    let ended = part(1, Stage::Completed, "1");
    report(
        &store,
        &run,
        vec![ended.clone(), part(2, Stage::Started, "")],
    )
    .await;
    let before = rows(&store, &run).await;
    let refusals = [
        part(1, Stage::Started, ""),
        part(1, Stage::Completed, "2"),
        part(1, Stage::Failed, "1"),
        PartReport {
            name: "other".to_owned(),
            ..part(2, Stage::Completed, "")
        },
        part(0, Stage::Started, ""),
    ];
    for refused in refusals {
        // What comes with it is not done either.
        let parts = vec![part(3, Stage::Started, ""), refused.clone()];
        let answer = try_report(&store, &run, parts, Some(b"no")).await;
        assert!(
            matches!(answer, Err(Error::Part { run: id, number, .. })
                if id == run.id && number == refused.number),
            "{answer:?}"
        );
    }
    let stranger = Run {
        token: run.token + 1,
        ..run.clone()
    };
    let answer = try_report(&store, &stranger, vec![ended], None).await;
    assert!(matches!(answer, Err(Error::Rejected(rejected)) if rejected.not_holder));
    assert_eq!(rows(&store, &run).await, before);
    assert_eq!(state(&store, &run).await, None);
    let job = running(&store, job()).await;
    let answer = try_report(&store, &job, vec![part(1, Stage::Started, "")], None).await;
    assert!(
        matches!(answer, Err(Error::Part { .. })),
        "a job has no parts"
    );
    db.check();
}

async fn open_parts_end_with_their_attempt(db: &Database) {
    let store = db.open();
    submitted(&store, plugin_job()).await;
    let release = |run: &Run| Command::Release {
        holder: holder(run),
        reason: None,
    };
    let stages = async |run: &Run| -> Vec<(Stage, i64)> {
        let rows = rows(&store, run).await;
        rows.iter().map(|row| (row.stage, row.attempt)).collect()
    };
    let first = taken(&store, NOW).await;
    let nested = PartReport {
        path: "part 2".to_owned(),
        ..part(3, Stage::Started, "")
    };
    let parts = vec![
        part(1, Stage::Completed, ""),
        part(2, Stage::Started, ""),
        nested,
    ];
    report(&store, &first, parts).await;
    applied(&store, first.id, release(&first), NOW)
        .await
        .unwrap();
    let interrupted = (Stage::Interrupted, 1);
    assert_eq!(
        stages(&first).await,
        [(Stage::Completed, 1), interrupted, interrupted]
    );
    // The next attempt begins with it again.
    let second = taken(&store, NOW).await;
    report(&store, &second, vec![part(2, Stage::Started, "")]).await;
    let id = second.id;
    let open = store
        .read(move |read| runs::open_parts(read, id))
        .await
        .unwrap();
    assert_eq!(open.iter().map(|row| row.number).collect::<Vec<_>>(), [2]);
    applied(&store, id, Command::signal(Signal::Cancel), NOW)
        .await
        .unwrap();
    finished(&store, finish(&second, AttemptOutcome::Failed))
        .await
        .unwrap();
    assert_eq!(
        stages(&second).await,
        [(Stage::Completed, 1), (Stage::Cancelled, 2), interrupted]
    );
    db.check();
}

async fn parts_are_read_by_pages(db: &Database) {
    let store = db.open();
    submitted(&store, plugin_job()).await;
    let run = taken(&store, NOW).await;
    let parts = (1..=7).map(|number| part(number, Stage::Completed, "x"));
    report(&store, &run, parts.collect()).await;
    let id = run.id;
    let mut numbers = Vec::new();
    while let Ok(page) = {
        let after = numbers.last().copied().unwrap_or(0);
        store
            .read(move |read| runs::parts(read, id, after, 3))
            .await
    } && !page.is_empty()
    {
        numbers.extend(page.iter().map(|row| row.number));
    }
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
}

async fn a_loss_after_a_part_is_no_failure(db: &Database) {
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
            // Each attempt has a part of its own.
            report(&store, &run, vec![part(run.starts, stage, "")]).await;
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
    assert_eq!(run.deadline, Some(NOW + 100_000));
    assert_eq!(run.whole_timeout_ms, Some(100_000));
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
        store.write(move |batch| runs::apply_to(batch, kind, id, &Command::CancelPending, NOW))
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
    try_report(
        &store,
        &run,
        vec![part(1, Stage::Completed, "")],
        Some(b"note"),
    )
    .await
    .unwrap();
    assert!(matches!(
        delete(Kind::PluginJob).await,
        Err(Error::Rejected(_))
    ));
    ended(&store, &run, AttemptOutcome::Completed).await;
    assert!(matches!(delete(Kind::Job).await, Err(Error::NotFound(_))));
    delete(Kind::PluginJob).await.unwrap();
    assert!(matches!(
        delete(Kind::PluginJob).await,
        Err(Error::NotFound(_))
    ));
    let read = move |read: &mut store::Read<'_, '_>| {
        Ok((
            runs::statuses(read, &[id])?,
            runs::state(read, id)?,
            runs::parts(read, id, 0, 1)?,
            runs::counts(read)?,
        ))
    };
    let (statuses, state, parts, counts) = store.read(read).await.unwrap();
    assert_eq!((statuses, state, parts.len()), (vec![None], None, 0));
    assert!(counts.iter().all(|(.., n)| *n == 0), "{counts:?}");
    db.check();
}
