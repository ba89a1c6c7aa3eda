//! What is old goes, with all that belongs to it, and nothing else does.

use engine::{Command, NewRun, Verdict};
use store::{
    binaries,
    events::{self, Extent},
    logs::{self, Append},
    retention, runs,
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    ended_runs_go_with_all_their_rows,
    live_runs_stay,
    a_retried_run_is_live,
    events_go_from_the_oldest_on,
    unused_programs_are_collected,
);

const TABLES: [&str; 7] = [
    "runs",
    "inputs",
    "attempts",
    "results",
    "checkpoints",
    "logs",
    "log_positions",
];

async fn ended_runs_go_with_all_their_rows(db: &Database) {
    let store = db.open();
    let kept = running(&store, job()).await;
    for verdict in [Verdict::Completed, Verdict::Failed, Verdict::Completed] {
        let run = running(&store, job()).await;
        let (id, holder) = (run.id, holder(&run));
        let chunk = Append {
            id,
            token: run.token,
            stream: "stdout",
            position: 0,
            body: b"text".to_vec(),
        };
        store
            .write(move |batch| logs::append(batch, &chunk))
            .await
            .unwrap();
        store
            .write(move |batch| runs::checkpoint(batch, id, holder.clone(), b"note", NOW))
            .await
            .unwrap();
        finished(&store, finish(&run, verdict)).await.unwrap();
    }
    let cancelled = submitted(&store, job()).await;
    applied(&store, cancelled, Command::Cancel, NOW)
        .await
        .unwrap();
    let young = running(&store, job()).await;
    let mut end = finish(&young, Verdict::Completed);
    end.now = NOW + 10;
    finished(&store, end).await.unwrap();

    let sweep = |before| store.write(move |batch| retention::runs(batch, before));
    assert_eq!(sweep(NOW).await.unwrap(), 0);
    assert_eq!(sweep(NOW + 1).await.unwrap(), 4);
    assert_eq!(sweep(NOW + 1).await.unwrap(), 0);
    let left = |table: &str| db.rows(&format!("SELECT count(*) FROM {table}"));
    for (table, count) in TABLES.iter().zip(["2", "2", "2", "1", "0", "0", "0"]) {
        assert_eq!(left(table), [[count]], "{table}");
    }
    assert_eq!(left("log_sizes"), [["0"]]);
    assert_eq!(details(&store, kept.id).await.run, kept);
    db.check();
}

async fn live_runs_stay(db: &Database) {
    let store = db.open();
    submitted(
        &store,
        NewRun {
            held: true,
            ..job()
        },
    )
    .await;
    submitted(
        &store,
        NewRun {
            not_before: Some(NOW + 1),
            ..job()
        },
    )
    .await;
    running(&store, job()).await;
    submitted(&store, job()).await;
    assert_eq!(
        store
            .write(|batch| retention::runs(batch, i64::MAX))
            .await
            .unwrap(),
        0
    );
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["4"]]);
    db.check();
}

async fn a_retried_run_is_live(db: &Database) {
    let store = db.open();
    let id = submitted(&store, job()).await;
    applied(&store, id, Command::Cancel, NOW).await.unwrap();
    applied(&store, id, Command::Retry { bound_ms: BOUND_MS }, NOW)
        .await
        .unwrap();
    assert_eq!(
        store
            .write(|batch| retention::runs(batch, i64::MAX))
            .await
            .unwrap(),
        0
    );
    // Ended again, its new end counts.
    applied(&store, id, Command::Cancel, NOW + 100)
        .await
        .unwrap();
    assert_eq!(
        store
            .write(|batch| retention::runs(batch, NOW + 100))
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        store
            .write(|batch| retention::runs(batch, NOW + 101))
            .await
            .unwrap(),
        1
    );
    db.check();
}

async fn events_go_from_the_oldest_on(db: &Database) {
    let store = db.open();
    for at in [NOW, NOW + 1, NOW + 2, NOW + 3] {
        store.submit(submit_at(at, [job()])).await.unwrap();
    }
    let sweep = |before| store.write(move |batch| retention::events(batch, before));
    assert_eq!(sweep(NOW).await.unwrap(), 0);
    assert_eq!(sweep(NOW + 2).await.unwrap(), 2);
    assert_eq!(
        store.read(events::extent).await.unwrap(),
        Extent {
            removed: 2,
            newest: 4
        }
    );
    let left = store
        .read(|read| events::after(read, 0, None, 100))
        .await
        .unwrap();
    assert_eq!(
        left.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [3, 4]
    );
    assert_eq!(sweep(i64::MAX).await.unwrap(), 2);
    assert_eq!(
        store.read(events::extent).await.unwrap(),
        Extent {
            removed: 4,
            newest: 4
        }
    );
    submitted(&store, job()).await;
    assert_eq!(
        store.read(events::extent).await.unwrap(),
        Extent {
            removed: 4,
            newest: 5
        }
    );
    drop(store);
    let store = db.open();
    assert_eq!(
        store.read(events::extent).await.unwrap(),
        Extent {
            removed: 4,
            newest: 5
        }
    );
    assert_eq!(*store.wake().head().borrow(), 5);
    db.check();
}

async fn unused_programs_are_collected(db: &Database) {
    let store = db.open();
    for (sha256, at) in [("used", NOW), ("old", NOW), ("young", NOW + 5)] {
        store
            .write(move |batch| binaries::add(batch, sha256, 1 << 40, at))
            .await
            .unwrap();
    }
    let mut request = submit([job()]);
    request.runs[0].binary_sha256 = Some("used".to_owned());
    store.submit(request).await.unwrap();
    assert_eq!(
        store
            .read(|read| binaries::size(read, "old"))
            .await
            .unwrap(),
        Some(1 << 40)
    );
    let collect = |before| store.write(move |batch| binaries::collect(batch, before));
    assert_eq!(collect(NOW + 5).await.unwrap(), ["old"]);
    assert_eq!(
        store
            .read(|read| binaries::size(read, "old"))
            .await
            .unwrap(),
        None
    );
    assert_eq!(collect(i64::MAX).await.unwrap(), ["young"]);
    assert_eq!(
        store
            .read(|read| binaries::size(read, "used"))
            .await
            .unwrap(),
        Some(1 << 40)
    );
}
