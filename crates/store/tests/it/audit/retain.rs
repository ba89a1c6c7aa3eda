//! Old lines go; the chain stays one, and outlives what it speaks of.

use engine::Command;
use store::{audit, hooks, keys};

use super::{actions, asked, command, hook, lines, record, verified, whole};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    old_lines_go_and_the_chain_stays,
    lines_outlive_what_they_speak_of,
);

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
    record(&store, entry("job.submit", "job", "x")).await;
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
    submit_all(&store, request).await;
    command(&store, id, Command::signal(engine::Signal::Cancel))
        .await
        .unwrap();
    write(&store, |batch| {
        hooks::create(batch, &hook("h"), 9, &entry("hook.create", "hook", "h"))
    })
    .await;
    write(&store, |batch| {
        hooks::delete(batch, "h", &entry("hook.delete", "hook", "h"))
    })
    .await;
    let swept = store.write(|batch| store::retention::runs(batch, |_| i64::MAX));
    assert_eq!(swept.await.unwrap().deleted, 1);
    db.rows("DELETE FROM keys");
    assert!(read(&store, keys::list).await.is_empty());
    let expected = ["job.submit", "job.cancel", "hook.create", "hook.delete"];
    assert_eq!(actions(&store).await, expected);
    whole(&store).await;
}
