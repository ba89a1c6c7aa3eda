//! Playgrounds: what is made once, what operations are started on it, and how they end.

mod made;
mod operations;

use engine::{Kind, NewRun, Run};
use store::{
    Error, Store, events,
    playgrounds::{
        self, Created, LeftRevision, NewOutcome, NewPlayground, NewPlayspec, Operate, Operated,
        PlaygroundRow, PlayspecMade,
    },
    runs::Claim,
};

use crate::sample::*;

const QUEUE: &str = "operation:playroom/1";

fn operation(id: i64, name: &str) -> NewRun {
    NewRun {
        exclusive_key: Some(playgrounds::exclusive_key(id)),
        ..NewRun::new(id_at(NOW), Kind::Operation, name, QUEUE)
    }
}

async fn room_and_spec(store: &Store) {
    write(store, |batch| {
        playgrounds::ensure_playroom(batch, "local", "mark", NOW)
    })
    .await;
    let made = spec(store, "spec").await;
    assert_eq!(made, PlayspecMade::Made(1));
}

async fn spec(store: &Store, name: &str) -> PlayspecMade {
    let new = NewPlayspec {
        name: name.to_owned(),
        body: b"{}".to_vec(),
        now: NOW,
        idempotency: None,
        entry: entry("playspec.create", "playspec", ""),
    };
    write(store, move |batch| {
        playgrounds::create_playspec(batch, &new, 10)
    })
    .await
}

fn new(id: i64, name: &str) -> NewPlayground {
    NewPlayground {
        id,
        name: name.to_owned(),
        project: format!("pg-{id}"),
        playspec_id: 1,
        playroom_id: 1,
        job_mode: false,
        persists: false,
        body: b"{}".to_vec(),
        sealed: b"sealed".to_vec(),
        expires_at: Some(NOW + 1_000),
        secrets: vec![("@password".to_owned(), b"sealed".to_vec())],
        idempotency: None,
        most: (10, 10),
        submit: submit([operation(id, "create")]),
    }
}

async fn create(store: &Store, new: NewPlayground) -> Result<Created, Error> {
    store
        .write(move |batch| playgrounds::create(batch, &new))
        .await
}

/// A playground whose first operation is claimed.
async fn made(store: &Store) -> Run {
    room_and_spec(store).await;
    let id = write(store, playgrounds::next_id).await;
    assert_eq!(create(store, new(id, "one")).await.unwrap(), Created::Made);
    claimed_operation(store).await
}

async fn claimed_operation(store: &Store) -> Run {
    let wanted = Claim {
        queues: vec![QUEUE.to_owned()],
        ..claim("a", 1)
    };
    store
        .claim(wanted)
        .await
        .unwrap()
        .pop()
        .expect("an operation")
        .run
}

async fn row(store: &Store) -> PlaygroundRow {
    read(store, |read| playgrounds::find(read, 1))
        .await
        .expect("a playground")
}

fn operate(row: &PlaygroundRow, action: &'static str) -> Operate {
    Operate {
        playground_id: row.id,
        version: row.version,
        action,
        plans: false,
        idempotency: None,
        submit: submit([operation(row.id, action)]),
    }
}

async fn start(store: &Store, operate: Operate) -> Result<Operated, Error> {
    store
        .write(move |batch| playgrounds::operate(batch, &operate))
        .await
}

async fn leave(store: &Store, run: &Run, outcome: NewOutcome) -> Result<(), Error> {
    let (id, holder) = (run.id, holder(run));
    let outcome = NewOutcome {
        playground_id: 1,
        now: NOW,
        ..outcome
    };
    store
        .write(move |batch| playgrounds::report(batch, (id, &holder), &outcome))
        .await
}

fn applied(image: &str) -> NewOutcome {
    NewOutcome {
        body: image.into(),
        revision: Some(LeftRevision {
            action: "create".to_owned(),
            versions: (1, 1),
            body: image.into(),
            sealed: b"sealed".to_vec(),
        }),
        observed: Some(b"[]".to_vec()),
        logs: vec![("web".to_owned(), b"[\"a\"]".to_vec())],
        ..NewOutcome::default()
    }
}

async fn told(store: &Store) -> Vec<String> {
    let all = read(store, |read| events::after(read, 0, None, 1_000)).await;
    let told = all.into_iter().filter(|event| event.kind == "playground");
    told.map(|event| event.event_type).collect()
}
