//! Who holds the lease of a run, and who does not any more.

use engine::{AttemptOutcome, Command, NewRun, State, Status};
use store::{Error, runs};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_stranger_changes_nothing,
    a_lost_executor_and_a_drained_one,
    an_executor_that_cannot_do_it_counts_as_lost_and_says_why,
);

async fn a_stranger_changes_nothing(db: &Database) {
    let store = db.open();
    let first = running(&store, job()).await;
    let id = first.id;
    let released = Command::Release {
        holder: holder(&first),
        reason: None,
    };
    apply(&store, id, released, NOW).await;
    let second = claimed(&store, "b").await;
    let late = [
        finish(&first, AttemptOutcome::Completed),
        finish(&first, AttemptOutcome::Failed),
    ];
    for end in late {
        let answer = finished(&store, end).await;
        assert!(matches!(answer, Err(Error::Rejected(rejected)) if rejected.not_holder));
    }
    let answer = store.heartbeat(heartbeat(&first)).await;
    assert!(matches!(answer, Err(Error::Rejected(rejected)) if rejected.not_holder));
    for command in [
        Command::Release {
            holder: holder(&first),
            reason: None,
        },
        Command::Advance {
            holder: holder(&first),
            parts: Vec::new(),
            state: true,
            acknowledged: 0,
        },
    ] {
        let answer = applied(&store, id, command, NOW).await;
        assert!(matches!(answer, Err(Error::Rejected(rejected)) if rejected.not_holder));
    }
    assert_eq!(details(&store, id).await.run, second);
    ended(&store, &second, AttemptOutcome::Completed).await;
    db.check();
}

async fn a_lost_executor_and_a_drained_one(db: &Database) {
    let store = db.open();
    let run = running(
        &store,
        NewRun {
            max_attempts: 2,
            ..job()
        },
    )
    .await;
    let id = run.id;
    let expire =
        |now| store.write(move |batch| runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, now));
    assert_eq!(expire(NOW + LEASE_MS - 1).await.unwrap().len(), 0);
    assert_eq!(expire(NOW + LEASE_MS).await.unwrap().len(), 1);
    let lost = details(&store, id).await;
    assert_eq!((lost.run.state, lost.run.failure_count), (State::Queued, 1));
    assert_eq!(lost.run.sort_key, run.sort_key, "it has lost its place");
    let drained = claimed(&store, "b").await;
    apply(
        &store,
        id,
        Command::Release {
            holder: holder(&drained),
            reason: None,
        },
        NOW,
    )
    .await;
    let again = claimed(&store, "c").await;
    assert_eq!((again.failure_count, again.starts, again.token), (1, 3, 3));
    assert_eq!(expire(NOW + LEASE_MS).await.unwrap().len(), 1);
    let found = details(&store, id).await;
    assert_eq!(found.run.state.status(), Status::Failed);
    let statuses: Vec<_> = found
        .attempts
        .iter()
        .map(|attempt| attempt.status.as_str())
        .collect();
    assert_eq!(statuses, ["lost", "released", "lost"]);
    assert!(
        found
            .result
            .error
            .is_some_and(|error| error.contains("lost"))
    );
    db.check();
}

async fn an_executor_that_cannot_do_it_counts_as_lost_and_says_why(db: &Database) {
    let store = db.open();
    let run = running(&store, job()).await;
    let abandon = |run: &engine::Run, what: &str| Command::Abandon {
        holder: holder(run),
        error: what.to_owned(),
    };
    let stale = engine::Run {
        token: run.token + 1,
        ..run.clone()
    };
    let refused = applied(&store, run.id, abandon(&stale, "not its own"), NOW).await;
    assert!(matches!(refused, Err(Error::Rejected(_))));
    for failure_count in 1..=3 {
        let held = details(&store, run.id).await.run;
        let what = format!("the disk is full: {failure_count}");
        apply(&store, run.id, abandon(&held, &what), NOW).await;
        let found = details(&store, run.id).await;
        assert_eq!(found.run.failure_count, failure_count);
        let last = found.attempts.last().unwrap();
        assert_eq!(last.status.as_str(), "lost");
        assert_eq!(last.error.as_ref(), Some(&what));
        assert_eq!(found.result.error.as_ref(), Some(&what));
        if failure_count < 3 {
            assert_eq!(found.run.state, State::Queued);
            claimed(&store, "b").await;
        } else {
            assert_eq!(found.run.state.status(), Status::Failed);
        }
    }
    db.check();
}
