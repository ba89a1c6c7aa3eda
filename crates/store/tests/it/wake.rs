//! Waiting calls are woken by what they wait for, here and from another server.

use std::time::Duration;

use engine::{AttemptOutcome, Command, NewRun, RunId, State};
use store::{PendingClaim, Store, Topic, TopicWait, runs::Claim};
use tokio::time::timeout;

use crate::{
    database::{DEADLINE, Database, on_both, on_postgres},
    sample::*,
};

on_both!(
    a_submit_serves_one_waiting_claim,
    a_submit_and_its_waiting_claim_are_one_commit,
    what_is_not_taken_out_is_queued_again,
    who_is_called_back_takes_what_is_under_way,
    what_becomes_ready_wakes,
    topics_are_told,
);

/// What a waiting claim takes in the end: one on another server is called to look again.
async fn served(store: &Store, mut pending_claim: PendingClaim) -> Vec<RunId> {
    let wait = async {
        loop {
            let taken = pending_claim.taken().await.unwrap();
            if !taken.is_empty() {
                return ids(&taken);
            }
            pending_claim = store.wait_for(claim("a", 1)).unwrap();
        }
    };
    timeout(DEADLINE, wait).await.expect("not served")
}

/// A claim that waits still; it may have been told to look again.
async fn idle(store: &Store, mut pending_claim: PendingClaim) -> PendingClaim {
    while let Ok(taken) = timeout(Duration::from_millis(50), pending_claim.taken()).await {
        assert_eq!(ids(&taken.unwrap()), []);
        pending_claim = store.wait_for(claim("a", 1)).unwrap();
    }
    pending_claim
}

/// The store itself and, on PostgreSQL, another one on the same database that hears the first.
async fn pair(db: &Database) -> Vec<(Store, Store)> {
    let store = db.open();
    let mut pairs = vec![(store.clone(), store.clone())];
    if db.is_postgres() {
        let other = db.open();
        // It hears from the moment on when its connection listens.
        let mut head = other.wake().head();
        crate::database::until("the other server listens", async || {
            submitted(&store, job()).await;
            let heard = timeout(Duration::from_millis(50), head.changed()).await;
            heard.ok()
        })
        .await
        .unwrap();
        while !other.claim(claim("a", 100)).await.unwrap().is_empty() {}
        pairs.push((store, other));
    }
    pairs
}

async fn a_submit_serves_one_waiting_claim(db: &Database) {
    for (here, there) in pair(db).await {
        let first = there.wait_for(claim("a", 1)).unwrap();
        let second = there.wait_for(claim("a", 1)).unwrap();
        let elsewhere = Claim {
            queues: vec!["elsewhere".to_owned()],
            ..claim("a", 1)
        };
        let mut stranger = there.wait_for(elsewhere.clone()).unwrap();
        // All have looked when they do not answer.
        let (first, second) = (idle(&there, first).await, idle(&there, second).await);
        let id = submitted(&here, job()).await;
        let (mut first, mut second) = (first, second);
        let taken = tokio::select! {
            taken = first.taken() => taken.unwrap(),
            taken = second.taken() => taken.unwrap(),
        };
        // There was one run, so no other looked; on another server even the one that is called
        // has to look itself.
        let mut rest = there.claim(claim("a", 9)).await.unwrap();
        rest.extend(taken);
        assert_eq!(ids(&rest), [id]);
        let other = NewRun {
            queue: "elsewhere".to_owned(),
            ..job()
        };
        let other = submitted(&here, other).await;
        let wait = async {
            loop {
                let taken = stranger.taken().await.unwrap();
                if !taken.is_empty() {
                    return ids(&taken);
                }
                stranger = there.wait_for(elsewhere.clone()).unwrap();
            }
        };
        assert_eq!(timeout(DEADLINE, wait).await.expect("not served"), [other]);
    }
}

/// The commit that makes a run ready gives it to the caller who waits for it.
async fn a_submit_and_its_waiting_claim_are_one_commit(db: &Database) {
    let store = db.open();
    let early = Claim {
        now: NOW - 30_000,
        ..claim("a", 5)
    };
    // A claim that has not looked yet when the submit comes needs a commit of its own.
    crate::database::until("one commit was enough", async || {
        let pending_claim = idle(&store, store.wait_for(early.clone()).unwrap()).await;
        let before = store.commit_sums().commits;
        let id = submitted(&store, job()).await;
        assert_eq!(served(&store, pending_claim).await, [id]);
        let run = details(&store, id).await.run;
        // The lease began with the submit, not with the waiting.
        assert!(matches!(run.state, State::Running(lease) if lease.until >= NOW + LEASE_MS));
        (store.commit_sums().commits - before == 1).then_some(())
    })
    .await;
}

/// A caller that hangs up while it is served leaves its runs to others, and without a failure.
async fn what_is_not_taken_out_is_queued_again(db: &Database) {
    let store = db.open();
    let pending_claim = idle(&store, store.wait_for(claim("gone", 1)).unwrap()).await;
    let id = submitted(&store, job()).await;
    drop(pending_claim);
    let stays = store.wait_for(claim("a", 1)).unwrap();
    assert_eq!(served(&store, stays).await, [id]);
    let run = details(&store, id).await.run;
    assert_eq!((run.executor.as_deref(), run.failure_count), (Some("a"), 0));
}

async fn who_is_called_back_takes_what_is_under_way(db: &Database) {
    let store = db.open();
    let mut none = idle(&store, store.wait_for(claim("a", 1)).unwrap()).await;
    let answer = timeout(DEADLINE, none.call_back()).await.expect("at once");
    assert_eq!(ids(&answer.unwrap()), []);
    // The writers are busy, and both the run and the claim are on their way.
    let (go_on, gates) = tokio::sync::watch::channel(false);
    let mut busy = Vec::new();
    for _ in 0..8 {
        let (store, gate) = (store.clone(), gates.clone());
        busy.push(tokio::spawn(async move {
            let work = move |_: &mut store::Batch<'_, '_>| {
                while !*gate.borrow() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                Ok(())
            };
            store.write(work).await
        }));
    }
    let run = job();
    let id = run.id;
    let submit = {
        let store = store.clone();
        tokio::spawn(async move { store.submit(submit([run])).await })
    };
    let mut pending_claim = store.wait_for(claim("a", 1)).unwrap();
    let both = async {
        let release = async { go_on.send_replace(true) };
        let (taken, _) = tokio::join!(biased; pending_claim.call_back(), release);
        taken.unwrap()
    };
    let taken = timeout(DEADLINE, both).await.expect("in time");
    submit.await.unwrap().unwrap();
    for one in busy {
        one.await.unwrap().unwrap();
    }
    let run = details(&store, id).await.run;
    // Even if the submit was faster, nothing was taken without a caller.
    assert_eq!(run.starts, i64::try_from(taken.len()).unwrap());
}

async fn what_becomes_ready_wakes(db: &Database) {
    for (here, there) in pair(db).await {
        let pending_claim = there.wait_for(claim("a", 1)).unwrap();
        let held = NewRun {
            held: true,
            ..job()
        };
        let held = submitted(&here, held).await;
        let pending_claim = idle(&there, pending_claim).await;
        apply(
            &here,
            held,
            Command::Unhold {
                aging_step_ms: AGING_STEP_MS,
            },
            NOW,
        )
        .await;
        assert_eq!(served(&there, pending_claim).await, [held]);
        let run = details(&here, held).await.run;
        let pending_claim = idle(&there, there.wait_for(claim("a", 1)).unwrap()).await;
        let given_up = Command::Release {
            holder: holder(&run),
            reason: None,
        };
        apply(&here, held, given_up, NOW).await;
        assert_eq!(served(&there, pending_claim).await, [held]);
    }
}

async fn topics_are_told(db: &Database) {
    async fn told(wait: &TopicWait, work: impl Future<Output = ()>) {
        let next = wait.next();
        work.await;
        timeout(DEADLINE, next).await.expect("not told");
    }
    for (here, there) in pair(db).await {
        let run = running(&here, job()).await;
        let id: RunId = run.id;
        let holder_of_run = holder(&run);
        let holder = there.wake().topic(Topic::Executor("a".to_owned()));
        let output = there.wake().topic(Topic::Run(id));
        told(&output, async {
            let chunk = store::logs::Append {
                id,
                holder: holder_of_run.clone(),
                stream: "stdout",
                position: 0,
                body: b"text".to_vec(),
            };
            write(&here, move |batch| store::logs::append(batch, &chunk)).await;
        })
        .await;
        told(&holder, async {
            cancel(&here, id).await;
        })
        .await;
        told(&output, async {
            ended(&here, &run, AttemptOutcome::Failed).await;
        })
        .await;
    }
}

/// A server that was not connected when others committed hears of it when it is.
#[test]
fn what_was_missed_is_looked_up() {
    on_postgres(async |db| {
        let (here, there) = (db.open(), db.open());
        let mut head = there.wake().head();
        submitted(&here, job()).await;
        timeout(DEADLINE, head.wait_for(|head| *head == 1))
            .await
            .unwrap()
            .unwrap();
        let cut = db.rows(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname =
             current_database() AND query = 'SELECT newest FROM event_head WHERE id = 1'",
        );
        assert_eq!(cut, [["2"]], "each store has a listener");
        claimed(&there, "b").await;
        let pending_claim = there.wait_for(claim("a", 1)).unwrap();
        let id = submitted(&here, job()).await;
        assert_eq!(served(&there, pending_claim).await, [id]);
        timeout(DEADLINE, head.wait_for(|head| *head >= 3))
            .await
            .unwrap()
            .unwrap();
    });
}
