//! The life of a run: every command once, with the rows, lists, counts and events that belong to it.

use engine::{AttemptOutcome, Backoff, Command, NewRun, State, Status};
use store::{
    Error,
    runs::{self, Beat},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_run_that_completes,
    a_finish_is_accepted_once,
    a_failure_is_retried_as_the_policy_says,
    held_and_scheduled_runs_wait,
    cancel_and_retry,
);

async fn a_run_that_completes(db: &Database) {
    let store = db.open();
    let id = submitted(&store, job()).await;
    let found = details(&store, id).await;
    assert_eq!(found.run.state.status(), Status::Queued);
    assert_eq!(found.attempts.len(), 0);
    assert_eq!(found.input, id.as_bytes());

    let taken = store.claim(claim("a", 5)).await.unwrap();
    assert_eq!(ids(&taken), [id]);
    assert_eq!(taken[0].input, id.as_bytes());
    let run = taken[0].run.clone();
    assert_eq!((run.token, run.starts), (1, 1));
    assert_eq!(details(&store, id).await.run, run);

    let mut beat = heartbeat(&run);
    beat.now = NOW + 20_000;
    assert_eq!(
        store.heartbeat(beat).await.unwrap(),
        Beat {
            signals: engine::Signals::default()
        }
    );
    let State::Running(lease) = details(&store, id).await.run.state else {
        panic!("not running")
    };
    assert_eq!((lease.until, lease.started_at), (NOW + 50_000, NOW));

    let mut end = finish(&run, AttemptOutcome::Completed);
    end.report.stdout = "out".to_owned();
    end.now = NOW + 30_000;
    let answer = finished(&store, end).await.unwrap();
    let found = details(&store, id).await;
    assert_eq!(found.run, answer);
    assert_eq!(found.run.state.status(), Status::Completed);
    assert_eq!(found.run.last_finished_token, 1);
    assert_eq!(found.result.stdout.as_slice(), &b"out"[..]);
    assert_eq!(found.result.exit_code, Some(0));
    let [attempt] = &found.attempts[..] else {
        panic!("{:?}", found.attempts)
    };
    assert_eq!((attempt.number, attempt.executor.as_str()), (1, "a"));
    assert_eq!(attempt.executor_ip.as_str(), "192.0.2.1");
    assert_eq!(attempt.status.as_str(), "completed");
    assert_eq!(attempt.started_at, NOW);
    assert_eq!(attempt.ended_at, Some(NOW + 30_000));
    assert_eq!(
        words(&store, id).await,
        ["submitted", "started", "completed"]
    );
    let missing = id_at(NOW);
    let answer = store.read(move |read| runs::details(read, missing)).await;
    assert!(matches!(answer, Err(Error::NotFound(id)) if id == missing));
    db.check();
}

async fn a_finish_is_accepted_once(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    let end = finish(&run, AttemptOutcome::Completed);
    // In one request, in one batch, and later.
    let answers = store.finish(vec![end.clone(), end.clone()]).await.unwrap();
    let [Ok(first), Ok(second)] = &answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(first, second);
    let mut other = finish(&run, AttemptOutcome::Failed);
    other.report.stdout = "other".to_owned();
    assert_eq!(finished(&store, other).await.unwrap(), *first);
    let mut nameless = end;
    nameless.holder.token = None;
    assert!(matches!(
        finished(&store, nameless).await,
        Err(Error::Rejected(_))
    ));
    let found = details(&store, run.id).await;
    assert_eq!(&found.run, first);
    assert_eq!(found.result.stdout.as_slice(), &b""[..]);
    assert_eq!(
        words(&store, run.id).await,
        ["submitted", "started", "completed"]
    );
}

async fn a_failure_is_retried_as_the_policy_says(db: &Database) {
    let store = db.open();
    let retry = Backoff {
        initial_ms: 1_000,
        factor: 2.0,
        max_ms: 9_000,
        jitter: 0.0,
    };
    let run = running(
        &store,
        NewRun {
            retry: Some(retry),
            max_attempts: 2,
            ..job()
        },
    )
    .await;
    let failed = ended(&store, &run, AttemptOutcome::Failed).await;
    assert_eq!(
        failed.state,
        State::Scheduled {
            due_at: NOW + 1_000
        }
    );
    assert_eq!(
        details(&store, run.id).await.result.error.as_deref(),
        Some("exit code 1")
    );
    assert_eq!(due(&store, NOW + 999).await, (0, Some(NOW + 1_000)));
    assert_eq!(due(&store, NOW + 1_000).await, (1, None));
    let run = claimed(&store, "b").await;
    let failed = ended(&store, &run, AttemptOutcome::TimedOut).await;
    assert_eq!(failed.state.status(), Status::Failed);
    assert_eq!(failed.failure_count, 2);
    let found = details(&store, run.id).await;
    let statuses: Vec<_> = found
        .attempts
        .iter()
        .map(|attempt| attempt.status.as_str())
        .collect();
    assert_eq!(statuses, ["failed", "timeout"]);
    assert_eq!(found.attempts[0].error.as_deref(), Some("exit code 1"));
    let events = [
        "submitted",
        "started",
        "requeued",
        "ready",
        "started",
        "failed",
    ];
    assert_eq!(words(&store, run.id).await, events);
    db.check();
}

async fn held_and_scheduled_runs_wait(db: &Database) {
    let store = db.open();
    let held = submitted(
        &store,
        NewRun {
            held: true,
            ..job()
        },
    )
    .await;
    let later = NewRun {
        not_before: Some(NOW + 5_000),
        ..job()
    };
    let later = submitted(&store, later).await;
    let past = submitted(
        &store,
        NewRun {
            not_before: Some(NOW),
            ..job()
        },
    )
    .await;
    assert_eq!(claimed_ids(&store, "a", 9).await, [past]);
    assert!(matches!(
        applied(&store, later, Command::Due, NOW).await,
        Err(Error::Rejected(_))
    ));
    assert_eq!(due(&store, NOW).await, (0, Some(NOW + 5_000)));
    let unhold = Command::Unhold {
        aging_step_ms: AGING_STEP_MS,
    };
    let unheld = apply(&store, held, unhold, NOW + 1).await;
    assert_eq!(unheld.state, State::Queued);
    assert_eq!(claimed_ids(&store, "a", 9).await, [held]);
    assert_eq!(due(&store, NOW + 9_000).await, (1, None));
    assert_eq!(claimed_ids(&store, "a", 9).await, [later]);
    assert_eq!(words(&store, held).await, ["submitted", "ready", "started"]);
    db.check();
}

async fn cancel_and_retry(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    let id = run.id;
    let refused = applied(&store, id, Command::CancelPending, NOW).await;
    assert!(matches!(refused, Err(Error::Rejected(_))));
    cancel(&store, id).await;
    let asked = details(&store, id).await.run;
    assert_eq!(cancel(&store, id).await, asked);
    let beat = store.heartbeat(heartbeat(&run)).await.unwrap();
    assert!(beat.signals.cancel > 0);
    let end = ended(&store, &run, AttemptOutcome::Failed).await;
    assert_eq!(end.state.status(), Status::Cancelled);
    assert_eq!(end.failure_count, 0);
    let again = apply(
        &store,
        id,
        Command::Retry {
            aging_step_ms: AGING_STEP_MS,
        },
        NOW + 7,
    )
    .await;
    assert_eq!(again.state.status(), Status::Queued);
    assert_eq!(again.signals.cancel, 0);
    assert_eq!(again.sort_key, NOW + 7 + AGING_STEP_MS);
    let run = claimed(&store, "b").await;
    assert_eq!((run.token, run.starts), (2, 2));
    assert!(
        store
            .heartbeat(heartbeat(&run))
            .await
            .unwrap()
            .signals
            .cancel
            == 0
    );
    ended(&store, &run, AttemptOutcome::Completed).await;
    let pending = submitted(&store, job()).await;
    let end = apply(&store, pending, Command::CancelPending, NOW).await;
    assert_eq!(end.state.status(), Status::Cancelled);
    let events = [
        "submitted",
        "started",
        "cancel_requested",
        "cancelled",
        "retried",
        "started",
        "completed",
    ];
    assert_eq!(words(&store, id).await, events);
    db.check();
}
