//! The audit: no change without its line, no line without its change, and whoever touches a line is
//! found out.

use std::{fs, path::Path};

use engine::{Command, Kind, NewRun, RunId};
use store::{
    Error, Store,
    audit::{self, Act, Broken, Filter, Line, Outcome, Page, Target, Verified},
    hooks, keys, runs,
};

use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_line_stands_for_a_change_that_was_asked_for,
    a_change_and_its_line_are_one,
    whoever_changes_a_line_is_found_out,
    whoever_moves_or_removes_a_line_is_found_out,
    two_servers_write_one_chain,
    old_lines_go_and_the_chain_stays,
    lines_outlive_what_they_speak_of,
    lines_are_found_by_each_of_their_runs,
    lines_are_found_by_what_they_say,
    pages_follow_each_other,
    a_database_of_before_the_audit_opens,
);

async fn verified(store: &Store) -> Verified {
    audit::verify(store).await.unwrap()
}

async fn whole(store: &Store) -> Verified {
    let verified = verified(store).await;
    assert_eq!(verified.broken, None);
    verified
}

async fn page(store: &Store, filter: Filter) -> Page {
    let find = move |read: &mut store::Read<'_, '_>| audit::find(read, &filter);
    store.read(find).await.unwrap()
}

/// Every line, in order.
async fn lines(store: &Store) -> Vec<Line> {
    let filter = Filter {
        after: Some(0),
        limit: 10_000,
        ..Filter::default()
    };
    page(store, filter).await.lines
}

async fn actions(store: &Store) -> Vec<String> {
    let lines = lines(store).await.into_iter();
    lines.map(|line| line.act.action).collect()
}

fn asked(run: NewRun) -> runs::Submit {
    let act = act("job.submit", "job", &run.id.to_string());
    runs::Submit {
        act: Some(Box::new(act)),
        ..submit([run])
    }
}

async fn command(store: &Store, id: RunId, command: Command) -> Result<engine::Run, Error> {
    let act = act("job.cancel", "job", &id.to_string());
    store
        .write(move |batch| runs::act(batch, Kind::Job, id, &command, &act))
        .await
}

async fn record(store: &Store, act: Act) {
    let record = move |batch: &mut store::Batch<'_, '_>| {
        batch.record(&act);
        Ok(())
    };
    store.write(record).await.unwrap();
}

fn hook(id: &str) -> hooks::NewHook {
    hooks::NewHook {
        id: id.to_owned(),
        url: "https://a.example/".to_owned(),
        events: vec!["*".to_owned()],
        description: String::new(),
        secret: "whsec_".to_owned(),
    }
}

async fn a_line_stands_for_a_change_that_was_asked_for(db: &Database) {
    let store = db.open();
    let mut request = asked(job());
    request.idempotency = Some(("key".to_owned(), b"1".to_vec()));
    let id = request.runs[0].run.id;
    store.submit(request.clone()).await.unwrap();
    // A repetition changes nothing, nor does a submit that is refused, nor one that nobody asked for.
    assert!(store.submit(request.clone()).await.unwrap().repeated);
    request.idempotency = Some(("key".to_owned(), b"2".to_vec()));
    let reused = store.submit(request).await;
    assert!(matches!(reused, Err(Error::KeyReused)), "{reused:?}");
    submitted(&store, job()).await;
    let run = claimed(&store, "a").await;
    assert_eq!(run.id, id);
    command(&store, id, Command::Cancel).await.unwrap();
    command(&store, id, Command::Cancel).await.unwrap();
    let refused = command(&store, id, Command::CancelPending).await;
    assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
    let unknown = command(&store, id_at(NOW), Command::Cancel).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
    let delete = store.write(|batch| hooks::delete(batch, "no", &act("hook.delete", "hook", "no")));
    assert!(!delete.await.unwrap());
    assert_eq!(actions(&store).await, ["job.submit", "job.cancel"]);
    let line = &lines(&store).await[0];
    let expected = act("job.submit", "job", &id.to_string());
    assert_eq!((line.number, &line.act), (1, &expected));
    whole(&store).await;
}

async fn a_change_and_its_line_are_one(db: &Database) {
    let store = db.open();
    store.submit(asked(job())).await.unwrap();
    let make = |fails: bool| {
        let work = move |batch: &mut store::Batch<'_, '_>| {
            hooks::create(batch, &hook("h"), 9, &act("hook.create", "hook", "h"))?;
            match fails {
                true => Err(Error::KeyReused),
                false => Ok(()),
            }
        };
        store.write(work)
    };
    assert!(make(true).await.is_err());
    assert_eq!(db.rows("SELECT count(*) FROM hooks"), [["0"]]);
    assert_eq!(actions(&store).await.len(), 1);
    // The line cannot be written: nothing is changed, by whatever way it comes.
    let head = db.rows("SELECT newest FROM audit_head");
    db.rows("UPDATE audit_head SET newest = newest - 1");
    let lost = store.submit(asked(job())).await;
    assert!(lost.is_err(), "{lost:?}");
    assert!(make(false).await.is_err());
    assert_eq!(db.rows("SELECT count(*) FROM runs"), [["1"]]);
    assert_eq!(db.rows("SELECT count(*) FROM hooks"), [["0"]]);
    // What nobody asked for needs no line.
    submitted(&store, job()).await;
    db.rows("UPDATE audit_head SET newest = newest + 1");
    assert_eq!(db.rows("SELECT newest FROM audit_head"), head);
    make(false).await.unwrap();
    assert_eq!(actions(&store).await, ["job.submit", "hook.create"]);
    whole(&store).await;
    db.check();
}

/// Runs `spoil` on the database past the store, verifies, and mends it.
async fn spoilt(db: &Database, store: &Store, spoil: &[&str]) -> Option<i64> {
    for sql in spoil {
        db.rows(sql);
    }
    let broken = verified(store).await.broken;
    for sql in MEND {
        db.rows(sql);
    }
    whole(store).await;
    broken.map(|Broken { number, .. }| number)
}

/// What makes the chain as it was kept.
const MEND: [&str; 5] = [
    "DELETE FROM audit",
    "INSERT INTO audit SELECT * FROM kept",
    "DELETE FROM audit_head",
    "INSERT INTO audit_head SELECT * FROM kept_head",
    "UPDATE audit_start SET removed = 0",
];

/// A chain of six lines, the fourth of several runs, with a copy that it can be mended from.
async fn kept(db: &Database) -> (Store, Verified) {
    let store = db.open();
    assert_eq!(whole(&store).await.lines, 0);
    for run in [job(), job(), job()] {
        store.submit(asked(run)).await.unwrap();
    }
    let several = Target::runs("job", &[id_at(NOW), id_at(NOW)]);
    record(&store, act("job.submit", "job", "").on(several)).await;
    for run in [job(), job()] {
        store.submit(asked(run)).await.unwrap();
    }
    let found = whole(&store).await;
    assert_eq!((found.lines, found.removed, found.newest), (6, 0, 6));
    db.rows("CREATE TABLE kept AS SELECT * FROM audit");
    db.rows("CREATE TABLE kept_head AS SELECT * FROM audit_head");
    (store, found)
}

async fn whoever_changes_a_line_is_found_out(db: &Database) {
    let (store, _) = kept(db).await;
    let columns = [
        "at = at + 1",
        "actor = 'k2'",
        "actor_name = ''",
        "origin = '192.0.2.8'",
        "action = 'job.retry'",
        "target_kind = 'key'",
        "target = last_target",
        "last_target = target",
        "last_target = NULL, runs = NULL",
        "runs = hash",
        "outcome = 'failed'",
        "detail = 'x'",
        "times = 2",
        "hash = (SELECT hash FROM kept WHERE number = 3)",
        // What moves between two fields moves.
        "actor = 'k', actor_name = '1somebody'",
    ];
    for column in columns {
        let spoil = format!("UPDATE audit SET {column} WHERE number = 4");
        let broken = spoilt(db, &store, &[&spoil]).await;
        assert_eq!(broken, Some(4), "{column}");
    }
}

async fn whoever_moves_or_removes_a_line_is_found_out(db: &Database) {
    let (store, found) = kept(db).await;
    let swap = [
        "UPDATE audit SET number = 9 WHERE number = 2",
        "UPDATE audit SET number = 2 WHERE number = 3",
        "UPDATE audit SET number = 3 WHERE number = 9",
    ];
    assert_eq!(spoilt(db, &store, &swap).await, Some(2));
    let head = "UPDATE audit_head SET hash = (SELECT hash FROM kept WHERE number = 5)";
    let cases = [
        ("DELETE FROM audit WHERE number = 2", 2),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("DELETE FROM audit WHERE number = 6", 6),
        ("DELETE FROM audit", 1),
        ("UPDATE audit SET number = 7 WHERE number = 6", 7),
        ("UPDATE audit_head SET newest = 5", 6),
        ("UPDATE audit_head SET newest = 7", 7),
        (head, 6),
        ("UPDATE audit_start SET removed = 2", 1),
    ];
    for (spoil, number) in cases {
        let broken = spoilt(db, &store, &[spoil]).await;
        assert_eq!(broken, Some(number), "{spoil}");
    }
    // A chain that is cut off and mended at its end is one: only a hash that was kept tells.
    db.rows("DELETE FROM audit WHERE number = 6");
    db.rows("UPDATE audit_head SET newest = 5, hash = (SELECT hash FROM kept WHERE number = 5)");
    let cut = whole(&store).await;
    assert_ne!((cut.newest, cut.hash), (found.newest, found.hash));
}

async fn two_servers_write_one_chain(db: &Database) {
    let stores = [db.open(), db.open()];
    let submits = (0..200).map(|n| stores[n % 2].submit(asked(job())));
    for answer in futures_util::future::join_all(submits).await {
        answer.unwrap();
    }
    for store in &stores {
        let found = whole(store).await;
        assert_eq!((found.lines, found.newest), (200, 200));
    }
    let all = page(
        &stores[0],
        Filter {
            limit: 1_000,
            ..Filter::default()
        },
    );
    let numbers: Vec<i64> = all.await.lines.iter().map(|line| line.number).collect();
    assert_eq!(numbers, (1..=200).rev().collect::<Vec<_>>());
    db.check();
}

async fn old_lines_go_and_the_chain_stays(db: &Database) {
    let store = db.open();
    for at in [0, 1, 5, 2, 9, 10] {
        record(&store, act_at(NOW + at, "job.submit", "job", "x")).await;
    }
    let retain =
        |before: i64| store.write(move |batch| audit::retain(batch, NOW + before, NOW + 100));
    assert_eq!(retain(0).await.unwrap().deleted, 0);
    // The fourth is older than the third, which is before it.
    assert_eq!(retain(3).await.unwrap().deleted, 2);
    assert_eq!(retain(6).await.unwrap().deleted, 2);
    let found = whole(&store).await;
    assert_eq!((found.lines, found.removed, found.newest), (2, 4, 6));
    record(&store, act_at(NOW + 11, "job.submit", "job", "x")).await;
    assert_eq!(whole(&store).await.lines, 3);
    assert_eq!(retain(100).await.unwrap().deleted, 3);
    let empty = whole(&store).await;
    assert_eq!((empty.lines, empty.removed, empty.newest), (0, 7, 7));
    record(&store, act("job.submit", "job", "x")).await;
    assert_eq!(lines(&store).await[0].number, 8);
    whole(&store).await;
    db.rows("UPDATE audit_start SET hash = (SELECT hash FROM audit)");
    let broken = verified(&store).await.broken.map(|broken| broken.number);
    assert_eq!(broken, Some(8));
}

async fn lines_outlive_what_they_speak_of(db: &Database) {
    let store = db.open();
    let request = asked(job());
    let id = request.runs[0].run.id;
    store.submit(request).await.unwrap();
    command(&store, id, Command::Cancel).await.unwrap();
    store
        .write(|batch| hooks::create(batch, &hook("h"), 9, &act("hook.create", "hook", "h")))
        .await
        .unwrap();
    store
        .write(|batch| hooks::delete(batch, "h", &act("hook.delete", "hook", "h")))
        .await
        .unwrap();
    let swept = store.write(|batch| store::retention::runs(batch, i64::MAX));
    assert_eq!(swept.await.unwrap().deleted, 1);
    db.rows("DELETE FROM keys");
    assert!(store.read(keys::list).await.unwrap().is_empty());
    let expected = ["job.submit", "job.cancel", "hook.create", "hook.delete"];
    assert_eq!(actions(&store).await, expected);
    whole(&store).await;
}

async fn numbers(store: &Store, filter: Filter) -> Vec<i64> {
    let limit = 100;
    let page = page(store, Filter { limit, ..filter }).await;
    assert_eq!(page.next, None);
    page.lines.iter().map(|line| line.number).collect()
}

/// A submit of three runs, one of another, a retry of one of the three, and a refusal; and their runs.
async fn four_lines(store: &Store) -> Vec<RunId> {
    let ids: Vec<RunId> = (0..4).map(|_| id_at(NOW)).collect();
    let bulk = act("job.submit", "job", "").on(Target::runs("job", &[ids[3], ids[0], ids[2]]));
    record(store, bulk).await;
    record(store, act("job.submit", "job", &ids[1].to_string())).await;
    let retry = act_at(NOW + 7, "job.retry", "job", &ids[2].to_string());
    record(store, retry).await;
    let mut refused = act_at(NOW + 9, "key.create", "route", "POST /api/keys");
    refused.actor.id = "k2".to_owned();
    refused.outcome = Outcome::Refused;
    record(store, refused).await;
    ids
}

async fn lines_are_found_by_each_of_their_runs(db: &Database) {
    let store = db.open();
    let ids = four_lines(&store).await;
    let of = |id: &RunId| Filter {
        target: Some(id.to_string()),
        ..Filter::default()
    };
    assert_eq!(numbers(&store, of(&ids[0])).await, [1]);
    assert_eq!(numbers(&store, of(&ids[1])).await, [2]);
    assert_eq!(numbers(&store, of(&ids[2])).await, [3, 1]);
    assert_eq!(numbers(&store, of(&ids[3])).await, [1]);
    assert_eq!(numbers(&store, of(&id_at(NOW))).await, [0_i64; 0]);
    let later = Filter {
        after: Some(1),
        ..of(&ids[2])
    };
    assert_eq!(numbers(&store, later).await, [3]);
}

async fn lines_are_found_by_what_they_say(db: &Database) {
    let store = db.open();
    four_lines(&store).await;
    let text = |text: &str| Some(text.to_owned());
    let all = Filter::default;
    let actor = |actor| Filter {
        actor: text(actor),
        ..all()
    };
    let action = |action| Filter {
        action: text(action),
        ..all()
    };
    let between = |after, before| Filter {
        after,
        before,
        ..all()
    };
    let refused = Filter {
        outcome: Some(Outcome::Refused),
        ..all()
    };
    let time = Filter {
        since: Some(NOW + 7),
        until: Some(NOW + 9),
        ..all()
    };
    let cases = [
        (all(), vec![4, 3, 2, 1]),
        (between(Some(1), None), vec![2, 3, 4]),
        (between(None, Some(3)), vec![2, 1]),
        (actor("k2"), vec![4]),
        (actor("k1"), vec![3, 2, 1]),
        (actor("k"), vec![]),
        (actor("somebody"), vec![4, 3, 2, 1]),
        (action("job.submit"), vec![2, 1]),
        (action("job.*"), vec![3, 2, 1]),
        (action("job"), vec![]),
        (refused, vec![4]),
        (time, vec![3]),
    ];
    for (filter, expected) in cases {
        assert_eq!(
            numbers(&store, filter.clone()).await,
            expected,
            "{filter:?}"
        );
    }
}

async fn pages_follow_each_other(db: &Database) {
    let store = db.open();
    four_lines(&store).await;
    let mut before = None;
    for expected in [[4, 3], [2, 1]] {
        let filter = Filter {
            before,
            limit: 2,
            ..Filter::default()
        };
        let page = page(&store, filter).await;
        let found: Vec<i64> = page.lines.iter().map(|line| line.number).collect();
        assert_eq!(found, expected);
        before = page.next;
    }
    assert_eq!(before, None);
    // What matches little is looked for a piece at a time.
    db.rows("UPDATE audit SET number = number + 99996");
    db.rows("UPDATE audit_head SET newest = 100000");
    let mut query = Filter {
        action: Some("key.create".to_owned()),
        limit: 2,
        ..Filter::default()
    };
    let first = page(&store, query.clone()).await;
    assert_eq!((first.lines.len(), first.next), (1, Some(50_002)));
    query.before = first.next;
    let second = page(&store, query).await;
    assert_eq!((second.lines.len(), second.next), (0, Some(3)));
}

/// Runs the statements of a migration as the program of its time did.
fn migrate(db: &Database, migration: &Path) {
    let text = fs::read_to_string(migration).unwrap();
    let lines = text.lines().filter(|line| !line.trim().starts_with("--"));
    let (bytes, clustered) = match db.is_postgres() {
        true => ("BYTEA", ""),
        false => ("BLOB", "WITHOUT ROWID"),
    };
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text
        .replace("{bytes}", bytes)
        .replace("{clustered}", clustered);
    for statement in text.split(';').filter(|text| !text.trim().is_empty()) {
        db.rows(statement);
    }
}

async fn a_database_of_before_the_audit_opens(db: &Database) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let files = fs::read_dir(folder).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.retain(|file| file.file_name().unwrap().to_str().unwrap() < "0005");
    for file in &files {
        migrate(db, file);
    }
    db.rows(
        "CREATE TABLE schema_version (id BIGINT NOT NULL PRIMARY KEY, version BIGINT NOT NULL)",
    );
    db.rows(&format!(
        "INSERT INTO schema_version (id, version) VALUES (1, {})",
        files.len()
    ));
    let store = db.open();
    assert_eq!(whole(&store).await.lines, 0);
    store.submit(asked(job())).await.unwrap();
    assert_eq!(whole(&store).await.lines, 1);
}
