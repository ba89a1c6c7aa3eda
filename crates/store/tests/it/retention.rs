//! What is old goes, with all that belongs to it, and nothing else does; not too much at once.

use engine::{AttemptOutcome, Command, NewRun, Stage};
use store::{
    approvals::{self, NewApproval},
    artifacts,
    blobs::{self, Blob, Collected},
    children::{self, PartTry},
    events::{self, Extent},
    executors, gates,
    logs::{self, Append},
    playgrounds,
    retention::{self, Swept},
    runs,
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    ended_runs_go_with_all_their_rows,
    many_runs_go_in_several_steps,
    long_inputs_go_in_several_steps,
    a_long_log_goes_piece_by_piece_when_its_run_is_gone,
    much_else_goes_in_several_steps,
    live_runs_stay,
    a_retried_run_is_live,
    events_go_from_the_oldest_on,
    unused_blobs_are_collected,
    a_blob_keeps_the_object_of_its_first_upload,
);

/// The tables with rows of runs, but for what is kept until it is old itself.
const TABLES: [&str; 16] = [
    "approvals",
    "artifacts",
    "attempts",
    "children",
    "gates",
    "inputs",
    "log_positions",
    "log_sizes",
    "logs",
    "parts",
    "playground_watches",
    "results",
    "run_blobs",
    "run_labels",
    "runs",
    "states",
];

/// The same as the schema has them: a table that is added is not forgotten.
fn tables_of_runs(db: &Database) -> Vec<String> {
    const SQLITE: &str = "SELECT tables.name FROM sqlite_schema AS tables
        JOIN pragma_table_info(tables.name) AS columns ON columns.name = 'run_id'
        WHERE tables.type = 'table' ORDER BY tables.name";
    const POSTGRES: &str = "SELECT table_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name = 'run_id' ORDER BY table_name";
    let kept = ["deliveries", "events", "hooks", "pending_deletions"];
    let tables = db.rows(if db.is_postgres() { POSTGRES } else { SQLITE });
    let mut tables = tables.concat();
    tables.retain(|table| !kept.contains(&table.as_str()));
    tables.push("runs".to_owned());
    tables.sort();
    tables
}

fn blob(sha256: &str) -> Blob {
    Blob {
        sha256: sha256.to_owned(),
        object: format!("object-of-{sha256}"),
        size_bytes: 1 << 40,
    }
}

/// A run asks people something, starts another run, wants news of a playground, and has a gate.
async fn asks_and_starts(store: &store::Store, id: engine::RunId, holder: &engine::Holder) {
    let (asks, approval, mut child) = (holder.clone(), job().id, job());
    child.parent = Some(id);
    let child = submit([child]);
    let beside = move |batch: &mut store::Batch<'_, '_>| {
        let new = NewApproval {
            id: approval,
            part: 1,
            tries: 1,
            question: b"{}".to_vec(),
            due_at: None,
            event: serde_json::Value::Null,
        };
        approvals::ask(batch, id, &asks, &new, NOW)?;
        let of = PartTry {
            run: id,
            part: 1,
            tries: 1,
        };
        children::submit(batch, of, &asks, &child)?;
        children::cancel(batch, id, (1, i64::MAX), NOW)?;
        playgrounds::watch(batch, of, 1, NOW)?;
        gates::note(batch, ("a.yaml", "gate"), id, 1)
    };
    write(store, beside).await;
}

async fn ended_runs_go_with_all_their_rows(db: &Database) {
    let store = db.open();
    write(&store, |batch| blobs::add(batch, &blob("program"), NOW)).await;
    let kept = running(&store, job()).await;
    for outcome in [
        AttemptOutcome::Completed,
        AttemptOutcome::Failed,
        AttemptOutcome::Completed,
    ] {
        let mut request = submit([execution()]);
        request.runs[0].labels = [("team".to_owned(), "data".to_owned())].into();
        request.runs[0].blobs = vec!["program".to_owned()];
        submit_all(&store, request).await;
        let run = claimed(&store, "a").await;
        let (id, holder) = (run.id, holder(&run));
        let chunk = Append {
            id,
            holder: holder.clone(),
            stream: "stdout",
            position: 0,
            body: b"text".to_vec(),
        };
        write(&store, move |batch| logs::append(batch, &chunk)).await;
        let parts = vec![part(1, Stage::Started, "")];
        try_report(&store, &run, parts, Some(b"note"))
            .await
            .unwrap();
        asks_and_starts(&store, id, &holder).await;
        let put = move |batch: &mut store::Batch<'_, '_>| {
            artifacts::put(batch, id, &holder, ("report.html", &blob("left")), NOW)
        };
        assert!(write(&store, put).await.is_some());
        finished(&store, finish(&run, outcome)).await.unwrap();
    }
    let cancelled = submitted(&store, job()).await;
    cancel(&store, cancelled).await;
    let young = running(&store, job()).await;
    let mut end = finish(&young, AttemptOutcome::Completed);
    end.now = NOW + 10;
    finished(&store, end).await.unwrap();

    let sweep = |before| store.write(move |batch| retention::runs(batch, move |_| before));
    assert_eq!(sweep(NOW).await.unwrap(), swept(0, false));
    for table in TABLES {
        let rows = db.rows(&format!("SELECT count(*) FROM {table}"));
        assert_ne!(rows, [["0"]], "no run had a row in {table}");
    }
    // The children as well.
    assert_eq!(sweep(NOW + 1).await.unwrap(), swept(7, false));
    assert_eq!(sweep(NOW + 1).await.unwrap(), swept(0, false));
    assert_eq!(tables_of_runs(db), TABLES);
    for table in TABLES {
        let left = match table {
            "attempts" | "inputs" | "runs" => "2",
            "results" => "1",
            _ => "0",
        };
        let rows = db.rows(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(rows, [[left]], "{table}");
    }
    // No row names what the runs left: its object goes, too.
    let gone = write(&store, |batch| blobs::collect(batch, "", 10, NOW + 1)).await;
    let mut objects = gone.objects;
    objects.sort();
    assert_eq!(objects, ["object-of-left", "object-of-program"]);
    assert_eq!(details(&store, kept.id).await.run, kept);
    db.check();
}

fn swept(deleted: u64, more: bool) -> Swept {
    Swept { deleted, more }
}

/// Cancels runs that wait.
async fn cancelled(store: &store::Store, ids: Vec<engine::RunId>) {
    let work = move |batch: &mut store::Batch<'_, '_>| {
        for id in &ids {
            runs::apply(batch, *id, &Command::signal(engine::Signal::Cancel), NOW)?;
        }
        Ok(())
    };
    write(store, work).await;
}

async fn many_runs_go_in_several_steps(db: &Database) {
    let store = db.open();
    let ids = store.submit(submit((0..450).map(|_| job()))).await;
    cancelled(&store, ids.unwrap().ids).await;
    let sweep = || store.write(|batch| retention::runs(batch, |_| NOW + 1));
    for expected in [swept(200, true), swept(200, true), swept(50, false)] {
        assert_eq!(sweep().await.unwrap(), expected);
        db.check();
    }
    assert_eq!(db.rows("SELECT count(*) FROM inputs"), [["0"]]);
}

async fn long_inputs_go_in_several_steps(db: &Database) {
    let store = db.open();
    let mut ids = Vec::new();
    // The third has more than a whole step may have.
    for length in [30 << 20, 30 << 20, 65 << 20, 1] {
        let mut request = submit([job()]);
        request.runs[0].input = vec![7; length];
        ids.extend(submit_all(&store, request).await.ids);
    }
    cancelled(&store, ids).await;
    let sweep = || store.write(|batch| retention::runs(batch, |_| NOW + 1));
    for expected in [swept(2, true), swept(1, true), swept(1, false)] {
        assert_eq!(sweep().await.unwrap(), expected);
        db.check();
    }
}

async fn a_long_log_goes_piece_by_piece_when_its_run_is_gone(db: &Database) {
    let store = db.open();
    let run = running(&store, execution()).await;
    let (id, holder) = (run.id, holder(&run));
    let printed = move |batch: &mut store::Batch<'_, '_>| {
        for position in 0..5_100 {
            let chunk = Append {
                id,
                holder: holder.clone(),
                stream: "stdout",
                position,
                body: b"x".to_vec(),
            };
            logs::append(batch, &chunk)?;
        }
        Ok(())
    };
    write(&store, printed).await;
    report(&store, &run, vec![part(1, Stage::Completed, "")]).await;
    ended(&store, &run, AttemptOutcome::Completed).await;
    let sweep = || store.write(|batch| retention::runs(batch, |_| NOW + 1));
    assert_eq!(sweep().await.unwrap(), swept(1, false));
    // No reader sees half of it: the run itself is gone.
    let found = store.read(move |read| runs::details(read, id)).await;
    assert!(matches!(found, Err(store::Error::NotFound(_))));
    assert_eq!(db.rows("SELECT count(*) FROM logs"), [["5100"]]);
    let mut left = 5_100 + 3;
    while left > 0 {
        let deleted = write(&store, retention::pending_deletions).await.deleted;
        assert!(deleted > 0 && deleted <= 5_000, "{deleted} at once");
        left -= deleted;
    }
    assert_eq!(
        write(&store, retention::pending_deletions).await,
        swept(0, true)
    );
    assert_eq!(
        write(&store, retention::pending_deletions).await,
        swept(0, false)
    );
    for table in TABLES.iter().chain(&["pending_deletions"]) {
        let rows = db.rows(&format!("SELECT count(*) FROM {table}"));
        assert_eq!(rows, [["0"]], "{table}");
    }
    db.check();
}

/// Numbers from 1 on, for statements of both databases.
fn numbers(last: u64) -> String {
    format!("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {last})")
}

async fn much_else_goes_in_several_steps(db: &Database) {
    let store = db.open();
    let keyed = runs::Submit {
        idempotency: Some(("key".to_owned(), b"1".to_vec())),
        ..submit([job()])
    };
    submit_all(&store, keyed).await;
    write(&store, |batch| executors::register(batch, &registered("e"))).await;
    db.rows(&format!(
        "{} INSERT INTO idempotency_keys (key, body_hash, answer, created_at)
        SELECT 'key' || i, body_hash, answer, created_at FROM idempotency_keys, n",
        numbers(5_000)
    ));
    db.rows(&format!(
        "{} INSERT INTO executors (name, ip, seen_at, completed)
        SELECT name || i, ip, seen_at, completed FROM executors, n",
        numbers(1_000)
    ));
    db.rows(&format!(
        "{} INSERT INTO events (seq, at, type, kind, run_id, data)
        SELECT seq + i, at, type, kind, run_id, data FROM events, n",
        numbers(5_000)
    ));
    db.rows("UPDATE event_head SET newest = 5001");
    let keys = || store.write(|batch| retention::idempotency_keys(batch, NOW + 1));
    assert_eq!(keys().await.unwrap(), swept(5_000, true));
    assert_eq!(keys().await.unwrap(), swept(1, true));
    assert_eq!(keys().await.unwrap(), swept(0, false));
    let names = || store.write(|batch| executors::forget(batch, NOW + 1));
    assert_eq!(names().await.unwrap(), swept(1_000, true));
    assert_eq!(names().await.unwrap(), swept(1, false));
    let events = || store.write(|batch| retention::events(batch, NOW + 1));
    assert_eq!(events().await.unwrap(), swept(5_000, true));
    db.check();
    assert_eq!(events().await.unwrap(), swept(1, true));
    assert_eq!(events().await.unwrap(), swept(0, false));
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
        write(&store, |batch| retention::runs(batch, |_| i64::MAX)).await,
        swept(0, false)
    );
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["4"]]);
    db.check();
}

async fn a_retried_run_is_live(db: &Database) {
    let store = db.open();
    let id = submitted(&store, job()).await;
    cancel(&store, id).await;
    apply(
        &store,
        id,
        Command::Retry {
            aging_step_ms: AGING_STEP_MS,
        },
        NOW,
    )
    .await;
    assert_eq!(
        write(&store, |batch| retention::runs(batch, |_| i64::MAX)).await,
        swept(0, false)
    );
    // Ended again, its new end counts.
    apply(
        &store,
        id,
        Command::signal(engine::Signal::Cancel),
        NOW + 100,
    )
    .await;
    assert_eq!(
        write(&store, |batch| retention::runs(batch, |_| NOW + 100)).await,
        swept(0, false)
    );
    assert_eq!(
        write(&store, |batch| retention::runs(batch, |_| NOW + 101)).await,
        swept(1, false)
    );
    db.check();
}

async fn events_go_from_the_oldest_on(db: &Database) {
    let store = db.open();
    for at in [NOW, NOW + 1, NOW + 2, NOW + 3] {
        submit_all(&store, submit_at(at, [job()])).await;
    }
    let sweep = |before| store.write(move |batch| retention::events(batch, before));
    assert_eq!(sweep(NOW).await.unwrap(), swept(0, false));
    assert_eq!(sweep(NOW + 2).await.unwrap(), swept(2, true));
    assert_eq!(sweep(NOW + 2).await.unwrap(), swept(0, false));
    assert_eq!(
        read(&store, events::extent).await,
        Extent {
            removed: 2,
            newest: 4
        }
    );
    let left = read(&store, |read| events::after(read, 0, None, 100)).await;
    assert_eq!(
        left.iter().map(|event| event.seq).collect::<Vec<_>>(),
        [3, 4]
    );
    assert_eq!(sweep(i64::MAX).await.unwrap(), swept(2, true));
    assert_eq!(
        read(&store, events::extent).await,
        Extent {
            removed: 4,
            newest: 4
        }
    );
    submitted(&store, job()).await;
    assert_eq!(
        read(&store, events::extent).await,
        Extent {
            removed: 4,
            newest: 5
        }
    );
    drop(store);
    let store = db.open();
    assert_eq!(
        read(&store, events::extent).await,
        Extent {
            removed: 4,
            newest: 5
        }
    );
    assert_eq!(*store.wake().head().borrow(), 5);
    db.check();
}

async fn unused_blobs_are_collected(db: &Database) {
    let store = db.open();
    for (sha256, at) in [("old", NOW), ("used", NOW), ("young", NOW + 5)] {
        let (blob, object) = (blob(sha256), format!("object-of-{sha256}"));
        let added = store.write(move |batch| blobs::add(batch, &blob, at)).await;
        assert_eq!(added.unwrap(), object);
    }
    let mut request = submit([job()]);
    request.runs[0].blobs = vec!["used".to_owned()];
    store.submit(request).await.unwrap();
    let find = |sha256: &'static str| store.read(move |read| blobs::find(read, sha256));
    assert_eq!(find("old").await.unwrap(), Some(blob("old")));
    let collect = |after: &'static str, limit, before| {
        store.write(move |batch| blobs::collect(batch, after, limit, before))
    };
    let collected = |objects: &[&str], next: &str| Collected {
        objects: objects.iter().map(|&object| object.to_owned()).collect(),
        next: next.to_owned(),
    };
    // Two by two; the second page has one.
    assert_eq!(
        collect("", 2, NOW + 5).await.unwrap(),
        collected(&["object-of-old"], "used")
    );
    assert_eq!(
        collect("used", 2, NOW + 5).await.unwrap(),
        collected(&[], "")
    );
    assert_eq!(find("old").await.unwrap(), None);
    let everything = collect("", 10, i64::MAX).await.unwrap();
    assert_eq!(everything, collected(&["object-of-young"], ""));
    assert_eq!(find("used").await.unwrap(), Some(blob("used")));
}

async fn a_blob_keeps_the_object_of_its_first_upload(db: &Database) {
    let store = db.open();
    let blob = |object: &str| Blob {
        sha256: "hash".to_owned(),
        object: object.to_owned(),
        size_bytes: 1,
    };
    let add = |object, at| {
        let blob = blob(object);
        store.write(move |batch| blobs::add(batch, &blob, at))
    };
    assert_eq!(add("first", NOW).await.unwrap(), "first");
    assert_eq!(add("second", NOW + 1).await.unwrap(), "first");
    let touched = store.write(move |batch| blobs::touch(batch, "hash", NOW + 9));
    assert_eq!(touched.await.unwrap(), Some(blob("first")));
    let collected = store.write(move |batch| blobs::collect(batch, "", 10, NOW + 9));
    assert_eq!(collected.await.unwrap(), Collected::default());
    let names = ["first", "second"].map(str::to_owned).to_vec();
    let unnamed = store.read(move |read| blobs::unnamed(read, names.clone()));
    assert_eq!(unnamed.await.unwrap(), ["second"]);
    for (object, left) in [("second", true), ("first", false)] {
        let lost = blob(object);
        let forgotten = store.write(move |batch| blobs::forget(batch, &lost));
        forgotten.await.unwrap();
        let found = store.read(|read| blobs::find(read, "hash")).await.unwrap();
        assert_eq!(found.is_some(), left);
    }
}
