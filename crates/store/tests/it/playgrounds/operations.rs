//! Operations are started, and end.

use engine::{AttemptOutcome, NewRun, Run, RunId, Stage, Status};
use store::{
    Error,
    playgrounds::{self, Created, NewOutcome, Operate, Operated},
    runs,
};

use super::{
    applied, claimed_operation, create, leave, made, new, operate, operation, row, start, told,
};
use crate::{
    database::{Database, on_both},
    sample::*,
};

on_both!(
    operations_exclude_each_other_and_are_decided_on_what_is_there,
    the_end_of_an_operation_is_noted_in_its_commit,
    what_was_destroyed_is_gone_in_the_commit_that_ends_it,
    an_outcome_that_is_reported_again_is_one_revision,
);

async fn operations_exclude_each_other_and_are_decided_on_what_is_there(db: &Database) {
    let store = db.open();
    let run = made(&store).await;
    let live = row(&store).await;
    let refused = start(&store, operate(&live, "rollout")).await;
    assert!(matches!(refused, Err(Error::Exclusive { run: other, .. }) if other == run.id));
    ended(&store, &run, AttemptOutcome::Completed).await;
    // It was decided on a playground whose operation had not ended.
    assert_eq!(
        start(&store, operate(&live, "rollout")).await.unwrap(),
        Operated::Changed
    );
    let now = row(&store).await;
    let keyed = |action| Operate {
        idempotency: Some(("k".to_owned(), b"h".to_vec())),
        ..operate(&now, action)
    };
    let started = start(&store, keyed("rollout")).await.unwrap();
    let Operated::Started(second) = started else {
        panic!("{started:?}")
    };
    assert_eq!(
        start(&store, keyed("rollout")).await.unwrap(),
        Operated::Repeated
    );
    assert_eq!(row(&store).await.last.run, second);
    assert_eq!(
        read(&store, move |read| playgrounds::place_in_line(read, second)).await,
        Some(1)
    );
    let run = claimed_operation(&store).await;
    ended(&store, &run, AttemptOutcome::Failed).await;
    // One that only plans is not the last operation.
    let planned = Operate {
        plans: true,
        ..operate(&row(&store).await, "rollout")
    };
    assert!(matches!(
        start(&store, planned).await.unwrap(),
        Operated::Started(_)
    ));
    assert_eq!(row(&store).await.last.run, second);
    let gone = Operate {
        playground_id: 9,
        ..operate(&row(&store).await, "stop")
    };
    assert_eq!(start(&store, gone).await.unwrap(), Operated::Missing);
    db.check();
}

async fn the_end_of_an_operation_is_noted_in_its_commit(db: &Database) {
    let store = db.open();
    let run = made(&store).await;
    report(&store, &run, vec![part(1, Stage::Started, "")]).await;
    ended(&store, &run, AttemptOutcome::Failed).await;
    let found = row(&store).await.last;
    assert_eq!((found.status, found.ended_at), (Status::Failed, Some(NOW)));
    assert_eq!(found.error.as_deref(), Some("exit code 1"));
    assert_eq!(
        found.step.as_deref(),
        Some("part 1"),
        "the phase in which it failed"
    );
    // Its run may go: what it came to stays.
    let swept = write(&store, |batch| {
        store::retention::runs(batch, |_| NOW + 1_000)
    })
    .await;
    assert_eq!(swept.deleted, 1);
    assert_eq!(row(&store).await.last, found);
    // One that is cancelled, and one whose executors are lost, end as well.
    let Operated::Started(second) = start(&store, operate(&row(&store).await, "rollout"))
        .await
        .unwrap()
    else {
        panic!("not started")
    };
    cancel(&store, second).await;
    assert_eq!(row(&store).await.last.status, Status::Cancelled);
    let once = NewRun {
        max_attempts: 1,
        ..operation(1, "stop")
    };
    let stop = Operate {
        submit: submit([once]),
        ..operate(&row(&store).await, "stop")
    };
    start(&store, stop).await.unwrap();
    claimed_operation(&store).await;
    let expire = |batch: &mut store::Batch<'_, '_>| {
        runs::expire(batch, LEASE_MS, AGING_STEP_MS, || 0.0, NOW + LEASE_MS)
    };
    assert_eq!(write(&store, expire).await.len(), 1);
    let found = row(&store).await.last;
    assert_eq!(found.status, Status::Failed);
    assert!(found.error.is_some_and(|error| error.contains("lost")));
    assert_eq!(
        told(&store).await,
        [
            "playground.created",
            "playground.creation.failed",
            "playground.error",
            "playground.error"
        ]
    );
    db.check();
}

async fn what_was_destroyed_is_gone_in_the_commit_that_ends_it(db: &Database) {
    let store = db.open();
    let run = made(&store).await;
    leave(&store, &run, applied("1")).await.unwrap();
    ended(&store, &run, AttemptOutcome::Completed).await;
    let destroy = async |outcome: NewOutcome| {
        start(&store, operate(&row(&store).await, "destroy"))
            .await
            .unwrap();
        let run = claimed_operation(&store).await;
        leave(&store, &run, outcome).await.unwrap();
        ended(&store, &run, AttemptOutcome::Completed).await;
        read(&store, |read| playgrounds::find(read, 1)).await
    };
    let dirty = NewOutcome {
        dirty: Some("[\"web\"]".to_owned()),
        ..NewOutcome::default()
    };
    let kept = destroy(dirty).await.expect("it is kept");
    assert_eq!(kept.dirty.as_deref(), Some("[\"web\"]"));
    let removed = || NewOutcome {
        removed: true,
        ..NewOutcome::default()
    };
    assert_eq!(destroy(removed()).await, None);
    for table in [
        "playgrounds",
        "playground_outcomes",
        "playground_revisions",
        "playground_secrets",
        "playground_logs",
    ] {
        assert_eq!(
            db.rows(&format!("SELECT count(*) FROM {table}")),
            [["0"]],
            "{table}"
        );
    }
    let told = told(&store).await;
    assert_eq!(
        told[2..],
        [
            "playground.expiration.skipped_dirty",
            "playground.destroyed"
        ]
    );
    // Its name is free, and its number is not given out again.
    let id = write(&store, playgrounds::next_id).await;
    assert_eq!(
        (id, create(&store, new(id, "one")).await.unwrap()),
        (2, Created::Made)
    );
    db.check();
}

async fn an_outcome_that_is_reported_again_is_one_revision(db: &Database) {
    let store = db.open();
    let run = made(&store).await;
    let revisions = async || {
        let found = read(&store, |read| playgrounds::revisions(read, 1)).await;
        let found = found
            .into_iter()
            .map(|one| (one.number, String::from_utf8(one.body).unwrap()));
        found.collect::<Vec<_>>()
    };
    for image in ["1", "2"] {
        leave(&store, &run, applied(image)).await.unwrap();
    }
    assert_eq!(revisions().await, [(1, "2".to_owned())]);
    let found = row(&store).await.applied.expect("it was applied");
    assert_eq!((found.revision, found.wanted, found.spec), (1, 1, 1));
    let stale = Run {
        token: run.token + 1,
        ..run.clone()
    };
    let refused = leave(&store, &stale, applied("3")).await;
    assert!(matches!(refused, Err(Error::Rejected(rejected)) if rejected.not_holder));
    ended(&store, &run, AttemptOutcome::Completed).await;
    // Only the newest fifty are kept.
    for number in 2..=60 {
        start(&store, operate(&row(&store).await, "rollout"))
            .await
            .unwrap();
        let run = claimed_operation(&store).await;
        leave(&store, &run, applied(&number.to_string()))
            .await
            .unwrap();
        ended(&store, &run, AttemptOutcome::Completed).await;
    }
    let kept = revisions().await;
    assert_eq!((kept.len(), kept[0].0, kept[49].0), (50, 60, 11));
    let last: RunId = row(&store).await.last.run;
    let left = read(&store, move |read| playgrounds::outcome(read, 1, last)).await;
    assert_eq!(left.expect("an outcome").body, b"60");
    assert_eq!(
        db.rows("SELECT count(*) FROM playground_outcomes"),
        [["50"]]
    );
    db.check();
}
