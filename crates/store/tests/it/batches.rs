//! What shares a transaction does not share its fate, unless the database itself fails.

use std::sync::{
    Arc, Barrier,
    atomic::{AtomicUsize, Ordering},
};

use engine::{AttemptOutcome, Command, NewRun, Status};
use store::{Error, Store, runs};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_failing_closure_leaves_nothing,
    a_failing_closure_disturbs_no_other,
    a_swallowed_error_does_not_spoil_the_batch,
    a_poison_item_fails_alone,
    no_caller_is_too_late_for_the_last_batch,
    counters_are_right_after_a_random_load,
    the_first_counts_of_several_writers,
    long_names_do_not_burst_a_notice,
    runs_on_two_servers_that_meet_each_other,
);

/// Hands over everything that `work` sends while the writer is busy, so that it shares a batch.
async fn together<T>(store: &Store, work: impl AsyncFnOnce() -> T) -> T {
    let gate = Arc::new(Barrier::new(2));
    let inside = gate.clone();
    let runs = Arc::new(AtomicUsize::new(0));
    let blocker = store.write(move |_| {
        // It may run again; only the first time the test waits at the gate.
        if runs.fetch_add(1, Ordering::SeqCst) == 0 {
            inside.wait();
            inside.wait();
        }
        Ok(())
    });
    let open = async {
        let wait = || {
            let gate = gate.clone();
            tokio::task::spawn_blocking(move || gate.wait())
        };
        wait().await.unwrap();
        let (value, ()) = tokio::join!(work(), async {
            // `join` polls in order: by now all of the work was sent.
            wait().await.unwrap();
        });
        value
    };
    let (blocked, value) = tokio::join!(blocker, open);
    blocked.unwrap();
    value
}

/// An id that goes to the same writer as closures do.
fn job_of_first_writer() -> NewRun {
    loop {
        let job = job();
        if job.id.as_bytes()[15].is_multiple_of(2) {
            return job;
        }
    }
}

async fn a_failing_closure_leaves_nothing(db: &Database) {
    let store = db.open();
    let id = submitted(&store, job()).await;
    let answer = store
        .write(move |batch| {
            runs::apply(batch, id, &Command::signal(engine::Signal::Cancel), NOW)?;
            store::executors::register(batch, &registered("e"))?;
            Err::<(), _>(Error::Corrupt("on purpose".to_owned()))
        })
        .await;
    assert!(matches!(answer, Err(Error::Corrupt(_))));
    assert_eq!(details(&store, id).await.run.state.status(), Status::Queued);
    assert!(
        read(&store, |read| store::executors::list(read, 0))
            .await
            .is_empty()
    );
    assert_eq!(words(&store, id).await, ["submitted"]);
    db.check();
}

async fn a_failing_closure_disturbs_no_other(db: &Database) {
    let store = db.open();
    let (id, missing) = (submitted(&store, job()).await, id_at(NOW));
    let new = job_of_first_writer();
    let new_id = new.id;
    let cancel = move |id| {
        move |batch: &mut store::Batch<'_, '_>| {
            runs::apply(batch, id, &Command::signal(engine::Signal::Cancel), NOW)
        }
    };
    let before = store.commit_sums();
    let (bad, good, fresh) = together(&store, async || {
        tokio::join!(
            store.write(cancel(missing)),
            store.write(cancel(id)),
            store.submit(submit([new])),
        )
    })
    .await;
    assert!(matches!(bad, Err(Error::NotFound(_))));
    assert_eq!(good.unwrap().state.status(), Status::Cancelled);
    assert_eq!(fresh.unwrap().ids, [new_id]);
    let after = store.commit_sums();
    assert_eq!(
        after.commits - before.commits,
        2,
        "they did not share a batch"
    );
    assert_eq!(after.items - before.items, 4);
    db.check();
}

/// A closure that goes on after the database said no, and says that all is well.
async fn a_swallowed_error_does_not_spoil_the_batch(db: &Database) {
    let store = db.open();
    let taken = submitted(&store, job()).await;
    let (new, again) = (job_of_first_writer(), job_of_first_writer());
    let (new_id, again_id) = (new.id, again.id);
    let (sloppy, good) = together(&store, async || {
        let sloppy = store.write(move |batch| {
            // A NUL is refused by PostgreSQL.
            let refused = store::executors::register(batch, &registered("a\0b"));
            let gone = runs::apply(batch, taken, &Command::signal(engine::Signal::Cancel), NOW);
            Ok((refused.is_err(), gone.is_err()))
        });
        tokio::join!(sloppy, store.submit(submit([new])))
    })
    .await;
    assert_eq!(good.unwrap().ids, [new_id]);
    if db.is_postgres() {
        assert!(sloppy.is_err(), "told that all is well: {sloppy:?}");
        assert_eq!(words(&store, taken).await, ["submitted"]);
    } else {
        sloppy.unwrap();
    }
    assert_eq!(submit_all(&store, submit([again])).await.ids, [again_id]);
    db.check();
}

async fn a_poison_item_fails_alone(db: &Database) {
    let store = db.open();
    let taken = job_of_first_writer();
    let run = running(&store, taken.clone()).await;
    let (left, right) = (job_of_first_writer(), job_of_first_writer());
    let (good, bad, beat, end) = together(&store, async || {
        tokio::join!(
            store.submit(submit([left.clone()])),
            store.submit(submit([right.clone(), taken.clone()])),
            store.heartbeat(heartbeat(&run)),
            store.finish(vec![finish(&run, AttemptOutcome::Completed)]),
        )
    })
    .await;
    assert_eq!(good.unwrap().ids, [left.id]);
    assert!(matches!(bad, Err(Error::Constraint(_))), "{bad:?}");
    assert!(matches!(end.unwrap()[..], [Ok(_)]));
    // Finishes go first, so the lease was over.
    assert!(matches!(beat, Err(Error::Rejected(_))));
    assert_eq!(claimed_ids(&store, "a", 9).await, [left.id]);
    db.check();
}

async fn no_caller_is_too_late_for_the_last_batch(db: &Database) {
    let store = db.open();
    let mut tasks = Vec::new();
    for _ in 0..200 {
        let store = store.clone();
        tasks.push(tokio::spawn(async move {
            store.submit(submit([job()])).await.map(|_| ())
        }));
    }
    drop(store);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["200"]]);
    db.check();
}

async fn counters_are_right_after_a_random_load(db: &Database) {
    let stores = db.stores();
    let tasks = (0..8_u64).map(|seed| {
        let store = stores[usize::try_from(seed).unwrap() % stores.len()].clone();
        tokio::spawn(random_load(store, seed))
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    db.check();
}

/// A hundred random steps. What is refused is refused.
async fn random_load(store: Store, seed: u64) {
    let mut state = seed;
    let mut jitter = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut known = Vec::new();
    for _ in 0..100 {
        let priority = engine::Priority::ALL[usize::try_from(jitter(3)).unwrap()];
        match jitter(6) {
            0 | 1 => {
                let new = NewRun {
                    priority,
                    held: jitter(4) == 0,
                    ..job()
                };
                known.push(submitted(&store, new).await);
            }
            2 | 3 => {
                let max = usize::try_from(jitter(4)).unwrap();
                for taken in store.claim(claim("a", max)).await.unwrap() {
                    let outcome = [
                        AttemptOutcome::Completed,
                        AttemptOutcome::Failed,
                        AttemptOutcome::TimedOut,
                    ];
                    let outcome = outcome[usize::try_from(jitter(3)).unwrap()];
                    if jitter(3) > 0 {
                        // Another task may have cancelled it or taken the lease away.
                        let _ = finished(&store, finish(&taken.run, outcome)).await;
                    }
                }
            }
            4 => {
                let now = NOW + i64::try_from(jitter(60_000)).unwrap();
                write(&store, move |batch| {
                    runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, now)
                })
                .await;
            }
            _ => {
                if let Some(id) = known.get(usize::try_from(jitter(20)).unwrap()).copied() {
                    let command = match jitter(3) {
                        0 => Command::signal(engine::Signal::Cancel),
                        1 => Command::Retry {
                            aging_step_ms: AGING_STEP_MS,
                        },
                        _ => Command::Unhold {
                            aging_step_ms: AGING_STEP_MS,
                        },
                    };
                    match applied(&store, id, command, NOW).await {
                        Ok(_) | Err(Error::Rejected(_)) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            }
        }
    }
}

/// No count is lost when several writers count something for the first time.
async fn the_first_counts_of_several_writers(db: &Database) {
    let stores = db.stores();
    for round in 0..20 {
        // As if nothing had ever been counted.
        db.rows("DELETE FROM counters");
        db.rows("DELETE FROM runs");
        let tasks = (0..12_usize).map(|number| {
            let store = stores[number % stores.len()].clone();
            tokio::spawn(async move { submitted(&store, job()).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            task.await.unwrap();
        }
        assert_eq!(db.rows("SELECT n FROM counters"), [["12"]], "round {round}");
    }
}

/// PostgreSQL takes 8,000 bytes in a notice.
async fn long_names_do_not_burst_a_notice(db: &Database) {
    let store = db.open();
    for length in [200, 9_000] {
        let count = 90;
        submit_all(&store, submit((0..count).map(|_| job()))).await;
        let mut runs = Vec::new();
        for number in 0..count {
            let executor = format!("{number}{}", "e".repeat(length));
            runs.push(claimed(&store, &executor).await.id);
        }
        let cancelled: Vec<_> = write(&store, move |batch| {
            runs.iter()
                .map(|id| runs::apply(batch, *id, &Command::signal(engine::Signal::Cancel), NOW))
                .collect()
        })
        .await;
        assert_eq!(cancelled.len(), count);
    }
}

/// Servers that work on the same runs in different orders: deadlocks are run again.
async fn runs_on_two_servers_that_meet_each_other(db: &Database) {
    let stores = db.stores();
    let all = submit_all(&stores[0], submit((0..8).map(|_| job())))
        .await
        .ids;
    let taken = stores[0].claim(claim("a", 8)).await.unwrap();
    assert_eq!(taken.len(), 8);
    let tasks = (0..8_usize).map(|number| {
        let store = stores[number % stores.len()].clone();
        let mut ids = all.clone();
        ids.rotate_left(number);
        if number % 2 == 0 {
            ids.reverse();
        }
        tokio::spawn(async move {
            for _ in 0..5 {
                let ids = ids.clone();
                write(&store, move |batch| {
                    for id in &ids {
                        runs::apply(batch, *id, &Command::signal(engine::Signal::Cancel), NOW)?;
                    }
                    Ok(())
                })
                .await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    for id in all {
        assert_eq!(
            words(&stores[0], id).await,
            ["submitted", "started", "cancel_requested"]
        );
    }
    db.check();
}
