//! Runs that wait: parked by their holders, paused by operators, woken by what they wait for.

use engine::{
    AttemptOutcome, Command, NewRun, OnTimeout, Run, RunId, Signal, Stage, State, Status, Wait,
    WaitFor,
};
use store::{Error, Store, runs};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_parked_run_is_woken_once,
    what_happened_since_refuses_a_park,
    a_parent_waits_for_any_child_or_all,
    every_end_of_a_child_wakes_its_parent,
    a_run_that_fails_leaves_no_children,
    a_park_and_the_end_of_a_child_race,
    the_ends_of_the_last_children_race,
    a_wait_that_takes_too_long,
    a_pause_wherever_the_run_is,
    a_cancelled_run_that_cleans_up,
    ten_thousand_runs_wait_beside_the_queue,
);

fn child_of(parent: &Run) -> NewRun {
    NewRun {
        parent: Some(parent.id),
        max_attempts: 1,
        ..job()
    }
}

async fn park(store: &Store, run: &Run, wait: Wait, seen: i64) -> Result<Run, Error> {
    let (id, holder) = (run.id, holder(run));
    store
        .write(move |batch| runs::park(batch, id, holder.clone(), wait, seen, NOW))
        .await
}

async fn wake(store: &Store, id: RunId, reason: WaitFor) -> Run {
    store
        .write(move |batch| runs::wake(batch, id, reason, AGING_STEP_MS, NOW + 1))
        .await
        .unwrap()
}

async fn signal(store: &Store, id: RunId, signal: Signal) -> Result<Run, Error> {
    let command = Command::Signal {
        signal,
        aging_step_ms: AGING_STEP_MS,
    };
    applied(store, id, command, NOW).await
}

async fn status(store: &Store, id: RunId) -> Status {
    details(store, id).await.run.state.status()
}

async fn completed(store: &Store, run: &Run) {
    finished(store, finish(run, AttemptOutcome::Completed))
        .await
        .unwrap();
}

/// A running parent with children that run as well.
async fn family(store: &Store, children: usize) -> (Run, Vec<Run>) {
    let parent = running(store, execution()).await;
    let mut running_children = Vec::new();
    for _ in 0..children {
        running_children.push(running(store, child_of(&parent)).await);
    }
    (parent, running_children)
}

async fn a_parked_run_is_woken_once(db: &Database) {
    let store = db.open();
    let run = running(&store, execution()).await;
    let id = run.id;
    report(&store, &run, vec![part(1, Stage::Started, "")]).await;
    let wait = Wait::new(WaitFor::Approval);
    let parked = park(&store, &run, wait, 0).await.unwrap();
    assert_eq!(
        (&parked.state, parked.failure_count),
        (&State::Waiting(wait), 0)
    );
    assert_eq!(details(&store, id).await.run, parked);
    assert_eq!(details(&store, id).await.attempts[0].status, "parked");
    // Its slot is free, and its part goes on when it does.
    assert!(store.claim(claim("a", 1)).await.unwrap().is_empty());
    assert_eq!(wake(&store, id, WaitFor::Time).await, parked);
    let woken = wake(&store, id, WaitFor::Approval).await;
    assert_eq!(woken.state, State::Queued);
    assert_eq!(wake(&store, id, WaitFor::Approval).await, woken);
    let parts = store.read(move |read| runs::open_parts(read, id)).await;
    assert_eq!(parts.unwrap().len(), 1);
    assert_eq!(claimed(&store, "b").await.starts, 2);
    let expected = "submitted started step_started waiting ready started";
    assert_eq!(words(&store, id).await.join(" "), expected);
    db.check();
}

async fn what_happened_since_refuses_a_park(db: &Database) {
    let store = db.open();
    let run = running(&store, execution()).await;
    let wait = Wait::new(WaitFor::Approval);
    let stranger = Run {
        token: run.token + 1,
        ..run.clone()
    };
    let refused = park(&store, &stranger, wait, 0).await;
    assert!(matches!(refused, Err(Error::Rejected(rejected)) if rejected.not_holder));
    assert_eq!(
        wake(&store, run.id, WaitFor::Approval)
            .await
            .signals
            .generation,
        1
    );
    let refused = park(&store, &run, wait, 0).await;
    assert!(matches!(refused, Err(Error::Rejected(rejected)) if !rejected.not_holder));
    // There is no child to wait for.
    let refused = park(&store, &run, Wait::new(WaitFor::Children), 1).await;
    assert!(matches!(refused, Err(Error::Rejected(_))));
    park(&store, &run, wait, 1).await.unwrap();
    db.check();
}

async fn a_parent_waits_for_any_child_or_all(db: &Database) {
    let store = db.open();
    for (reason, after_one) in [
        (WaitFor::Child, Status::Queued),
        (WaitFor::Children, Status::Waiting),
    ] {
        let (parent, children) = family(&store, 2).await;
        park(&store, &parent, Wait::new(reason), 0).await.unwrap();
        completed(&store, &children[0]).await;
        assert_eq!(status(&store, parent.id).await, after_one);
        completed(&store, &children[1]).await;
        assert_eq!(status(&store, parent.id).await, Status::Queued);
        completed(&store, &claimed(&store, "a").await).await;
    }
    // Both in one commit.
    let (parent, children) = family(&store, 2).await;
    park(&store, &parent, Wait::new(WaitFor::Children), 0)
        .await
        .unwrap();
    let ends = children
        .iter()
        .map(|run| finish(run, AttemptOutcome::Completed));
    store.finish(ends.collect()).await.unwrap();
    assert_eq!(status(&store, parent.id).await, Status::Queued);
    db.check();
}

async fn every_end_of_a_child_wakes_its_parent(db: &Database) {
    let store = db.open();
    let ways = ["cancel", "lost", "wait", "finish"];
    let (parent, children) = family(&store, ways.len()).await;
    let held = NewRun {
        held: true,
        ..child_of(&parent)
    };
    let held = submitted(&store, held).await;
    applied(&store, held, Command::CancelPending, NOW)
        .await
        .unwrap();
    let generation = async || details(&store, parent.id).await.run.signals.generation;
    // The parent runs: its holder looks again.
    assert_eq!(generation().await, 1);
    for (child, way) in children.iter().zip(ways) {
        let before = generation().await;
        match way {
            "cancel" => {
                signal(&store, child.id, Signal::Cancel).await.unwrap();
                assert_eq!(generation().await, before, "it has not ended");
                let released = Command::Release {
                    holder: holder(child),
                    reason: None,
                };
                applied(&store, child.id, released, NOW).await.unwrap();
            }
            "lost" => {
                let abandoned = Command::Abandon {
                    holder: holder(child),
                    error: "no room".to_owned(),
                };
                applied(&store, child.id, abandoned, NOW).await.unwrap();
            }
            "wait" => {
                let wait = Wait {
                    timeout: Some((NOW, OnTimeout::Fail)),
                    ..Wait::new(WaitFor::Time)
                };
                park(&store, child, wait, 0).await.unwrap();
                let over = store.write(|batch| runs::due(batch, AGING_STEP_MS, NOW));
                assert_eq!(over.await.unwrap(), (1, None));
            }
            _ => completed(&store, child).await,
        }
        assert!(status(&store, child.id).await.is_terminal(), "{way}");
        assert_eq!(generation().await, before + 1, "{way}");
    }
    db.check();
}

async fn a_park_and_the_end_of_a_child_race(db: &Database) {
    let [first, second] = db.stores();
    for round in 0..40 {
        let (parent, children) = family(&first, 1).await;
        let wait = Wait::new(WaitFor::Child);
        let end = finish(&children[0], AttemptOutcome::Completed);
        let (parked, ended) = tokio::join!(park(&first, &parent, wait, 0), finished(&second, end));
        ended.unwrap();
        let after = details(&first, parent.id).await.run;
        match parked {
            Ok(_) => assert_eq!(after.state, State::Queued, "round {round}"),
            Err(Error::Rejected(_)) => {
                let running = after.state.status() == Status::Running;
                assert!(
                    running && after.signals.generation == 1,
                    "round {round}: {after:?}"
                );
            }
            Err(error) => panic!("round {round}: {error}"),
        }
        signal(&first, parent.id, Signal::Cancel).await.unwrap();
    }
    db.check();
}

async fn the_ends_of_the_last_children_race(db: &Database) {
    let stores = db.stores();
    for round in 0..40 {
        let (parent, children) = family(&stores[0], 2).await;
        let wait = Wait::new(WaitFor::Children);
        park(&stores[0], &parent, wait, 0).await.unwrap();
        let ends = [0, 1].map(|n| finish(&children[n], AttemptOutcome::Completed));
        let [one, other] = ends;
        let ends = tokio::join!(finished(&stores[0], one), finished(&stores[1], other));
        ends.0.unwrap();
        ends.1.unwrap();
        assert_eq!(
            status(&stores[0], parent.id).await,
            Status::Queued,
            "round {round}"
        );
        let told = words(&stores[0], parent.id).await;
        let ready = told.iter().filter(|word| *word == "ready").count();
        assert_eq!(ready, 1, "round {round}: {told:?}");
        signal(&stores[0], parent.id, Signal::Cancel).await.unwrap();
    }
    db.check();
}

async fn a_run_that_fails_leaves_no_children(db: &Database) {
    let store = db.open();
    for way in ["reported", "lost", "wait"] {
        let once = NewRun {
            max_attempts: 1,
            ..execution()
        };
        let parent = running(&store, once).await;
        let child = running(&store, child_of(&parent)).await;
        let queued = submitted(&store, child_of(&parent)).await;
        match way {
            "reported" => {
                ended(&store, &parent, AttemptOutcome::Failed).await;
            }
            "lost" => {
                let abandoned = Command::Abandon {
                    holder: holder(&parent),
                    error: "no room".to_owned(),
                };
                applied(&store, parent.id, abandoned, NOW).await.unwrap();
            }
            _ => {
                let wait = Wait {
                    timeout: Some((NOW, OnTimeout::Fail)),
                    ..Wait::new(WaitFor::Children)
                };
                park(&store, &parent, wait, 0).await.unwrap();
                let over = store.write(|batch| runs::due(batch, AGING_STEP_MS, NOW));
                assert_eq!(over.await.unwrap().0, 1);
            }
        }
        assert_eq!(status(&store, parent.id).await, Status::Failed, "{way}");
        assert_eq!(status(&store, queued).await, Status::Cancelled, "{way}");
        let running = details(&store, child.id).await.run;
        assert!(running.signals.cancel > 0, "{way}: it is asked to stop");
        ended(&store, &child, AttemptOutcome::Failed).await;
    }
    db.check();
}

async fn a_wait_that_takes_too_long(db: &Database) {
    let store = db.open();
    for (then, expected) in [
        (OnTimeout::Resume, Status::Queued),
        (OnTimeout::Fail, Status::Failed),
        (OnTimeout::Cancel, Status::Cancelled),
    ] {
        let run = running(&store, execution()).await;
        let wait = Wait {
            timeout: Some((NOW + 1_000, then)),
            ..Wait::new(WaitFor::Approval)
        };
        park(&store, &run, wait, 0).await.unwrap();
        let due = |now| store.write(move |batch| runs::due(batch, AGING_STEP_MS, now));
        assert_eq!(due(NOW + 999).await.unwrap(), (0, Some(NOW + 1_000)));
        assert_eq!(store.read(runs::next_due).await.unwrap(), Some(NOW + 1_000));
        assert_eq!(due(NOW + 1_000).await.unwrap(), (1, None));
        assert_eq!(status(&store, run.id).await, expected);
        if expected == Status::Queued {
            completed(&store, &claimed(&store, "a").await).await;
        } else {
            let error = details(&store, run.id).await.result.error;
            assert!(error.unwrap().contains("approval"));
        }
    }
    db.check();
}

async fn a_pause_wherever_the_run_is(db: &Database) {
    let store = db.open();
    let queued = submitted(&store, execution()).await;
    signal(&store, queued, Signal::Pause).await.unwrap();
    assert!(store.claim(claim("a", 1)).await.unwrap().is_empty());
    signal(&store, queued, Signal::Resume).await.unwrap();
    let run = claimed(&store, "a").await;
    assert_eq!(run.id, queued);

    let later = NewRun {
        not_before: Some(NOW + 1_000),
        ..execution()
    };
    let later = submitted(&store, later).await;
    let paused = signal(&store, later, Signal::Pause).await.unwrap();
    assert_eq!(details(&store, later).await.run, paused);
    assert_eq!(store.read(runs::next_due).await.unwrap(), None);
    let resumed = signal(&store, later, Signal::Resume).await.unwrap();
    assert_eq!(
        resumed.state,
        State::Scheduled {
            due_at: NOW + 1_000
        }
    );

    // The holder parks it when it sees the signal, which the claim would bring to another one.
    let asked = signal(&store, run.id, Signal::Pause).await.unwrap();
    assert_eq!(asked.state.status(), Status::Running);
    let beat = store.heartbeat(heartbeat(&run)).await.unwrap();
    assert_eq!(beat.signals, asked.signals);
    let wait = Wait::new(WaitFor::Operator);
    let generation = asked.signals.generation;
    park(&store, &run, wait, generation).await.unwrap();
    signal(&store, run.id, Signal::Skip).await.unwrap();
    assert_eq!(status(&store, run.id).await, Status::Waiting);
    signal(&store, run.id, Signal::Resume).await.unwrap();
    let again = claimed(&store, "b").await;
    assert!(
        again.signals.pause == 0 && again.signals.skip > 0,
        "{again:?}"
    );

    park(&store, &again, wait, again.signals.generation)
        .await
        .unwrap();
    let cancelled = signal(&store, run.id, Signal::Cancel).await.unwrap();
    assert_eq!(cancelled.state.status(), Status::Cancelled);
    let held = NewRun {
        held: true,
        ..execution()
    };
    let held = submitted(&store, held).await;
    let refused = signal(&store, held, Signal::Pause).await;
    assert!(matches!(refused, Err(Error::Rejected(_))));
    db.check();
}

/// Ten thousand runs that wait are in the way of no claim, and each costs nothing until its time comes.
async fn ten_thousand_runs_wait_beside_the_queue(db: &Database) {
    const WAITING: usize = 10_000;
    let store = db.open();
    for _ in 0..WAITING / 500 {
        submit_all(&store, submit((0..500).map(|_| execution()))).await;
        let taken = store.claim(claim("a", 500)).await.unwrap();
        assert_eq!(taken.len(), 500);
        let parked = store.write(move |batch| {
            for one in &taken {
                let run = &one.run;
                let timeout = Some((NOW + 3_600_000, OnTimeout::Resume));
                let wait = Wait {
                    timeout,
                    ..Wait::new(WaitFor::Time)
                };
                runs::park(batch, run.id, holder(run), wait, 0, NOW)?;
            }
            Ok(())
        });
        parked.await.unwrap();
    }
    assert!(store.claim(claim("a", 500)).await.unwrap().is_empty());
    let id = submitted(&store, job()).await;
    let began = std::time::Instant::now();
    assert_eq!(claimed(&store, "a").await.id, id);
    let due = |now| {
        let tick = store.write(move |batch| runs::due(batch, AGING_STEP_MS, now));
        async { tick.await.unwrap() }
    };
    assert_eq!(due(NOW + 3_599_999).await.0, 0);
    let took = began.elapsed();
    assert!(took < std::time::Duration::from_secs(1), "{took:?}");
    let (over, _) = due(NOW + 3_600_000).await;
    assert!(over > 0, "their time has come");
}

/// It waited without an executor: one gets it again, with the cancel, and its end is a cancelled one.
async fn a_cancelled_run_that_cleans_up(db: &Database) {
    let store = db.open();
    let new = NewRun {
        cleans_up: true,
        ..execution()
    };
    let run = running(&store, new.clone()).await;
    park(&store, &run, Wait::new(WaitFor::Operator), 0)
        .await
        .unwrap();
    let after = signal(&store, run.id, Signal::Cancel).await.unwrap();
    assert_eq!(
        (after.state, after.signals.cancel > 0),
        (State::Queued, true)
    );
    let again = claimed(&store, "a").await;
    assert_eq!((again.id, again.signals), (run.id, after.signals));
    finished(&store, finish(&again, AttemptOutcome::Failed))
        .await
        .unwrap();
    assert_eq!(status(&store, run.id).await, Status::Cancelled);
    // What never started has nothing to clean up.
    let id = submitted(
        &store,
        NewRun {
            id: id_at(NOW),
            ..new
        },
    )
    .await;
    signal(&store, id, Signal::Cancel).await.unwrap();
    assert_eq!(status(&store, id).await, Status::Cancelled);
}
