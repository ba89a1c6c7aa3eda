//! Repeated submits, keys that exclude each other, runs that belong to others.

use engine::{AttemptOutcome, Command, NewRun, RunId, Status};
use store::{
    Error, retention,
    runs::{Submit, Submitted},
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    the_same_key_and_body_is_one_submit,
    the_same_key_at_the_same_time,
    a_refused_submit_leaves_no_key,
    a_repeated_exclusive_submit_gets_its_first_answer,
    an_exclusive_key_has_one_live_run,
    exclusive_submits_race,
    a_retry_respects_the_exclusive_key,
    a_cancel_goes_down_the_tree,
    what_was_called_off_takes_no_children,
    a_cancel_and_a_new_child_race,
    many_runs_at_once_are_all_or_none,
);

fn keyed(key: &str, hash: &[u8], runs: impl IntoIterator<Item = NewRun>) -> Submit {
    Submit {
        idempotency: Some((key.to_owned(), hash.to_vec())),
        ..submit(runs)
    }
}

fn exclusive(key: &str) -> NewRun {
    NewRun {
        exclusive_key: Some(key.to_owned()),
        ..job()
    }
}

async fn the_same_key_and_body_is_one_submit(db: &Database) {
    let store = db.open();
    let first = submit_all(&store, keyed("k", b"\0\xff", [job(), job()])).await;
    assert!(!first.repeated);
    let again = submit_all(&store, keyed("k", b"\0\xff", [job(), job()])).await;
    assert_eq!(
        again,
        Submitted {
            ids: first.ids.clone(),
            repeated: true
        }
    );
    let other = store.submit(keyed("k", b"other", [job()])).await;
    assert!(matches!(other, Err(Error::KeyReused)));
    // A key lives until retention removes it, whatever becomes of the runs.
    let kept = write(&store, |batch| retention::idempotency_keys(batch, NOW)).await;
    assert_eq!(kept.deleted, 0);
    let removed = write(&store, |batch| retention::idempotency_keys(batch, NOW + 1)).await;
    assert_eq!(removed.deleted, 1);
    let second = submit_all(&store, keyed("k", b"other", [job()])).await;
    assert!(!second.repeated);
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["3"]]);
    db.check();
}

async fn the_same_key_at_the_same_time(db: &Database) {
    let stores = [db.open(), db.open()];
    for round in 0..25 {
        let key = format!("key {round}");
        let tasks = (0..8_usize).map(|number| {
            // On SQLite one store writes at a time, on PostgreSQL both.
            let store = stores[if db.is_postgres() { number % 2 } else { 0 }].clone();
            let request = keyed(&key, b"body", [job()]);
            tokio::spawn(async move { submit_all(&store, request).await })
        });
        let mut answers = Vec::new();
        for task in tasks.collect::<Vec<_>>() {
            answers.push(task.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        assert!(answers.iter().all(|answer| answer.ids == answers[0].ids));
    }
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["25"]]);
    db.check();
}

async fn a_refused_submit_leaves_no_key(db: &Database) {
    let store = db.open();
    let first = submitted(&store, exclusive("x")).await;
    let refused = store.submit(keyed("k", b"body", [exclusive("x")])).await;
    assert!(matches!(refused, Err(Error::Exclusive { key, run }) if key == "x" && run == first));
    cancel(&store, first).await;
    let accepted = submit_all(&store, keyed("k", b"body", [exclusive("x")])).await;
    assert!(!accepted.repeated);
}

async fn a_repeated_exclusive_submit_gets_its_first_answer(db: &Database) {
    let store = db.open();
    let first = submit_all(&store, keyed("k", b"body", [exclusive("x")])).await;
    let again = submit_all(&store, keyed("k", b"body", [exclusive("x")])).await;
    assert_eq!(
        again,
        Submitted {
            ids: first.ids,
            repeated: true
        }
    );
}

async fn an_exclusive_key_has_one_live_run(db: &Database) {
    let store = db.open();
    let run = running(&store, exclusive("x")).await;
    let refused = store.submit(submit([job(), exclusive("x")])).await;
    assert!(matches!(refused, Err(Error::Exclusive { run: other, .. }) if other == run.id));
    let twice = [exclusive("y"), exclusive("y")];
    let first = twice[0].id;
    let twice = store.submit(submit(twice)).await;
    assert!(matches!(twice, Err(Error::Exclusive { run, .. }) if run == first));
    submitted(&store, exclusive("y")).await;
    ended(&store, &run, AttemptOutcome::Completed).await;
    submitted(&store, exclusive("x")).await;
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["3"]]);
    db.check();
}

async fn exclusive_submits_race(db: &Database) {
    let stores = db.stores();
    for round in 0..25 {
        let tasks = (0..8_usize).map(|number| {
            let store = stores[number % stores.len()].clone();
            let request = submit([exclusive(&format!("key {round}"))]);
            tokio::spawn(async move { store.submit(request).await })
        });
        let mut accepted = 0;
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(_) => accepted += 1,
                Err(Error::Exclusive { .. }) => {}
                Err(error) => panic!("round {round}: {error}"),
            }
        }
        assert_eq!(accepted, 1, "round {round}");
    }
    db.check();
}

async fn a_retry_respects_the_exclusive_key(db: &Database) {
    let store = db.open();
    let old = submitted(&store, exclusive("x")).await;
    cancel(&store, old).await;
    let live = submitted(&store, exclusive("x")).await;
    let retry = || Command::Retry {
        aging_step_ms: AGING_STEP_MS,
    };
    let refused = applied(&store, old, retry(), NOW).await;
    assert!(
        matches!(refused, Err(Error::Exclusive { ref key, run }) if key == "x" && run == live),
        "{refused:?}"
    );
    cancel(&store, live).await;
    apply(&store, old, retry(), NOW).await;
    db.check();
}

async fn a_cancel_goes_down_the_tree(db: &Database) {
    let store = db.open();
    let root = running(&store, job()).await.id;
    let grandchild_holder = submitted(&store, child_of(root)).await;
    let busy = claimed(&store, "b").await;
    assert_eq!(busy.id, grandchild_holder);
    let held = submitted(
        &store,
        NewRun {
            held: true,
            ..child_of(root)
        },
    )
    .await;
    let later = NewRun {
        not_before: Some(NOW + 1),
        ..child_of(held)
    };
    let later = submitted(&store, later).await;
    let done = running(&store, child_of(root)).await;
    ended(&store, &done, AttemptOutcome::Completed).await;
    let below_ended = submitted(&store, child_of(done.id)).await;
    let stranger = submitted(&store, job()).await;

    cancel(&store, root).await;
    let status = async |id| details(&store, id).await.run.state.status();
    assert!(details(&store, root).await.run.signals.cancel > 0);
    assert!(details(&store, busy.id).await.run.signals.cancel > 0);
    assert_eq!(status(held).await, Status::Cancelled);
    assert_eq!(status(later).await, Status::Cancelled);
    assert_eq!(status(done.id).await, Status::Completed);
    assert_eq!(
        status(below_ended).await,
        Status::Queued,
        "its parent had ended before"
    );
    assert_eq!(status(stranger).await, Status::Queued);
    assert_eq!(words(&store, later).await, ["submitted", "cancelled"]);
    db.check();
}

fn child_of(parent: RunId) -> NewRun {
    NewRun {
        parent: Some(parent),
        ..job()
    }
}

async fn what_was_called_off_takes_no_children(db: &Database) {
    let store = db.open();
    let stopping = running(&store, job()).await;
    let stopped = submitted(&store, job()).await;
    for id in [stopping.id, stopped] {
        cancel(&store, id).await;
        // One such child refuses them all, and leaves no key.
        let refused = store
            .submit(keyed("key", b"1", [job(), child_of(id)]))
            .await;
        assert!(
            matches!(refused, Err(Error::CalledOff(parent)) if parent == id),
            "{refused:?}"
        );
    }
    let missing = id_at(NOW);
    let refused = store.submit(submit([child_of(missing)])).await;
    assert!(
        matches!(refused, Err(Error::NotFound(parent)) if parent == missing),
        "{refused:?}"
    );
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["2"]]);
    assert_eq!(db.rows("SELECT count(*) FROM idempotency_keys"), [["0"]]);
    // Started again it is live; a whole tree may come at once.
    let retry = Command::Retry {
        aging_step_ms: AGING_STEP_MS,
    };
    apply(&store, stopped, retry, NOW).await;
    let child = child_of(stopped);
    let grandchild = child_of(child.id);
    let tree = keyed("key", b"1", [grandchild.clone(), child.clone()]);
    submit_all(&store, tree.clone()).await;
    cancel(&store, stopped).await;
    for id in [child.id, grandchild.id] {
        let run = details(&store, id).await.run;
        assert_eq!(run.state.status(), Status::Cancelled);
    }
    // What was accepted before is a repetition, not a new child.
    assert!(submit_all(&store, tree).await.repeated);
    db.check();
}

async fn a_cancel_and_a_new_child_race(db: &Database) {
    // On PostgreSQL they are at different servers.
    let [first, second] = db.stores();
    for round in 0..60 {
        let root = submitted(&first, job()).await;
        let child = child_of(root);
        let id = child.id;
        let (cancelled, accepted) = tokio::join!(
            applied(&first, root, Command::signal(engine::Signal::Cancel), NOW),
            second.submit(submit([child])),
        );
        cancelled.unwrap();
        match accepted {
            Ok(_) => {
                let run = details(&first, id).await.run;
                assert_eq!(run.state.status(), Status::Cancelled, "round {round}");
            }
            Err(error) => assert!(matches!(error, Error::CalledOff(_)), "{error}"),
        }
    }
    db.check();
}

async fn many_runs_at_once_are_all_or_none(db: &Database) {
    let store = db.open();
    let answer = submit_all(&store, submit((0..2_000).map(|_| job()))).await;
    let taken = store.claim(claim("a", 3_000)).await.unwrap();
    assert_eq!(ids(&taken), answer.ids);
    let finishes: Vec<_> = taken
        .iter()
        .map(|taken| finish(&taken.run, AttemptOutcome::Completed))
        .collect();
    let ends = store.finish(finishes).await.unwrap();
    assert!(ends.iter().all(Result::is_ok));
    let mut runs: Vec<NewRun> = (0..100).map(|_| job()).collect();
    runs[70].id = answer.ids[0];
    assert!(matches!(
        store.submit(submit(runs)).await,
        Err(Error::Constraint(_))
    ));
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["2000"]]);
    let nothing = submit_all(&store, submit([])).await;
    assert!(nothing.ids.is_empty());
    db.check();
}
