//! Waiting calls are woken by what they wait for, here and from another server.

use std::time::Duration;

use engine::{Command, NewRun, RunId, Verdict};
use store::{ClaimWait, Store, Topic, TopicWait};
use tokio::time::timeout;

use crate::{
    database::{DEADLINE, Database, on_both, on_postgres},
    sample::*,
};

on_both!(
    a_submit_wakes_one_waiting_claim,
    a_dropped_wake_is_passed_on,
    what_becomes_ready_wakes,
    topics_are_told,
);

fn queue() -> Vec<String> {
    vec!["job".to_owned()]
}

async fn woken(wait: &mut ClaimWait) {
    timeout(DEADLINE, wait.ready()).await.expect("not woken");
}

/// The store itself and, on PostgreSQL, another one on the same database that hears the first.
async fn pair(db: &Database) -> Vec<(Store, Store)> {
    let store = db.open();
    let mut pairs = vec![(store.clone(), store.clone())];
    if db.is_postgres() {
        let other = db.open();
        // It hears from the moment on when its connection listens.
        let mut wait = other.wake().claim(&queue());
        crate::database::until("the other server listens", async || {
            submitted(&store, job()).await;
            timeout(Duration::from_millis(50), wait.ready()).await.ok()
        })
        .await;
        drop(wait);
        while !other.claim(claim("a", 100)).await.unwrap().is_empty() {}
        pairs.push((store, other));
    }
    pairs
}

async fn a_submit_wakes_one_waiting_claim(db: &Database) {
    for (here, there) in pair(db).await {
        let mut first = there.wake().claim(&queue());
        let mut second = there.wake().claim(&queue());
        let mut stranger = there.wake().claim(&["elsewhere".to_owned()]);
        let id = submitted(&here, job()).await;
        woken(&mut first).await;
        assert_eq!(ids(&there.claim(claim("a", 1)).await.unwrap()), [id]);
        // There was one run, so nobody else looks in vain.
        assert!(
            timeout(Duration::from_millis(50), second.ready())
                .await
                .is_err()
        );
        here.submit(submit([
            job(),
            NewRun {
                queue: "elsewhere".to_owned(),
                ..job()
            },
        ]))
        .await
        .unwrap();
        woken(&mut second).await;
        woken(&mut stranger).await;
        assert_eq!(there.claim(claim("a", 9)).await.unwrap().len(), 1);
    }
}

async fn a_dropped_wake_is_passed_on(db: &Database) {
    for (here, there) in pair(db).await {
        let gone = there.wake().claim(&queue());
        let mut stays = there.wake().claim(&queue());
        let mut third = there.wake().claim(&queue());
        let id = submitted(&here, job()).await;
        let told = there.clone();
        crate::database::until("the commit is heard of", async || {
            let newest = here.read(store::events::extent).await.unwrap().newest;
            (*told.wake().head().borrow() >= newest).then_some(())
        })
        .await;
        drop(gone);
        woken(&mut stays).await;
        assert_eq!(ids(&there.claim(claim("a", 1)).await.unwrap()), [id]);
        // It was used, so it is not passed on again.
        drop(stays);
        assert!(
            timeout(Duration::from_millis(50), third.ready())
                .await
                .is_err()
        );
    }
}

async fn what_becomes_ready_wakes(db: &Database) {
    for (here, there) in pair(db).await {
        let mut wait = there.wake().claim(&queue());
        let held = submitted(
            &here,
            NewRun {
                held: true,
                ..job()
            },
        )
        .await;
        assert!(
            timeout(Duration::from_millis(50), wait.ready())
                .await
                .is_err()
        );
        applied(&here, held, Command::Unhold { bound_ms: BOUND_MS }, NOW)
            .await
            .unwrap();
        woken(&mut wait).await;
        let run = claimed(&there, "a").await;
        let mut wait = there.wake().claim(&queue());
        applied(
            &here,
            held,
            Command::Release {
                holder: holder(&run),
            },
            NOW,
        )
        .await
        .unwrap();
        woken(&mut wait).await;
        claimed(&there, "a").await;
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
        let holder = there.wake().topic(Topic::Executor("a".to_owned()));
        let output = there.wake().topic(Topic::Run(id));
        told(&output, async {
            let chunk = store::logs::Append {
                id,
                token: run.token,
                stream: "stdout",
                position: 0,
                body: b"text".to_vec(),
            };
            here.write(move |batch| store::logs::append(batch, &chunk))
                .await
                .unwrap();
        })
        .await;
        told(&holder, async {
            applied(&here, id, Command::Cancel, NOW).await.unwrap();
        })
        .await;
        told(&output, async {
            finished(&here, finish(&run, Verdict::Failed))
                .await
                .unwrap();
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
        let mut wait = there.wake().claim(&queue());
        submitted(&here, job()).await;
        timeout(DEADLINE, head.wait_for(|head| *head == 2))
            .await
            .unwrap()
            .unwrap();
        woken(&mut wait).await;
    });
}
