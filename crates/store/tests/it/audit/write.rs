//! A line stands for a change, and both are written in one transaction.

use engine::Command;
use store::{Error, hooks};

use super::{actions, asked, command, hook, lines, whole};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    a_line_stands_for_a_change_that_was_asked_for,
    a_change_and_its_line_are_one,
);

async fn a_line_stands_for_a_change_that_was_asked_for(db: &Database) {
    let store = db.open();
    let mut request = asked(job());
    request.idempotency = Some(("key".to_owned(), b"1".to_vec()));
    let id = request.runs[0].run.id;
    submit_all(&store, request.clone()).await;
    // A repetition changes nothing, nor does a submit that is refused, nor one without a caller.
    assert!(submit_all(&store, request.clone()).await.repeated);
    request.idempotency = Some(("key".to_owned(), b"2".to_vec()));
    let reused = store.submit(request).await;
    assert!(matches!(reused, Err(Error::KeyReused)), "{reused:?}");
    submitted(&store, job()).await;
    let run = claimed(&store, "a").await;
    assert_eq!(run.id, id);
    command(&store, id, Command::signal(engine::Signal::Cancel))
        .await
        .unwrap();
    command(&store, id, Command::signal(engine::Signal::Cancel))
        .await
        .unwrap();
    let refused = command(&store, id, Command::CancelPending).await;
    assert!(matches!(refused, Err(Error::Rejected(_))), "{refused:?}");
    let unknown = command(&store, id_at(NOW), Command::signal(engine::Signal::Cancel)).await;
    assert!(matches!(unknown, Err(Error::NotFound(_))), "{unknown:?}");
    let delete =
        store.write(|batch| hooks::delete(batch, "no", &entry("hook.delete", "hook", "no")));
    assert!(!delete.await.unwrap());
    assert_eq!(actions(&store).await, ["job.submit", "job.cancel"]);
    let line = &lines(&store).await[0];
    let expected = entry("job.submit", "job", &id.to_string());
    assert_eq!((line.number, &line.entry), (1, &expected));
    whole(&store).await;
}

async fn a_change_and_its_line_are_one(db: &Database) {
    let store = db.open();
    submit_all(&store, asked(job())).await;
    let make = |fails: bool| {
        let work = move |batch: &mut store::Batch<'_, '_>| {
            hooks::create(batch, &hook("h"), 9, &entry("hook.create", "hook", "h"))?;
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
    // What no caller asked for needs no line.
    submitted(&store, job()).await;
    db.rows("UPDATE audit_head SET newest = newest + 1");
    assert_eq!(db.rows("SELECT newest FROM audit_head"), head);
    make(false).await.unwrap();
    assert_eq!(actions(&store).await, ["job.submit", "hook.create"]);
    whole(&store).await;
    db.check();
}
