//! Many readers cost the database hardly more than one, whatever comes at once.

use std::{collections::HashSet, time::Duration};

use engine::{Kind, NewRun, RunId};
use futures_util::future::join_all;
use store::{
    Location, Store,
    runs::{Submission, Submit},
};

use super::*;
use crate::live::ReaderStep;

const READERS: usize = 50;
const BULK: u64 = 10_000;
/// Reading all that takes many steps, one after the other.
const DEADLINE: Duration = Duration::from_secs(100);

fn bulk() -> Submit {
    let runs = (1..=BULK).map(|number| {
        let id = RunId::from_bytes(u128::from(number).to_be_bytes());
        Submission::new(NewRun::new(id, Kind::Job, "example", "job"), "")
    });
    Submit::new(runs, 1_000, 1)
}

/// Everything that the bulk leaves, in order.
async fn read(mut reader: Reader) -> Vec<Arc<LiveEvent>> {
    let mut all: Vec<Arc<LiveEvent>> = Vec::new();
    while all.len() < 10_000 {
        match reader.next().await.expect("the database answers") {
            ReaderStep::Events(events) => all.extend(events),
            ReaderStep::Reset { oldest } => panic!("{oldest}"),
        }
    }
    assert!(all.iter().map(|event| event.row().seq).eq(1..=10_000));
    all
}

#[tokio::test]
async fn a_bulk_that_is_longer_than_the_window_is_not_read_by_each_reader() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let location = Location::Sqlite(dir.path().join("playhouse.db"));
    let store = tokio::task::spawn_blocking(move || Store::open(&location, 1, 0)).await;
    let store = store.expect("no panic").expect("the database opens");
    let tail = Tail::start(&store, Sizes::default());
    let mut readers = Vec::new();
    for _ in 0..READERS {
        let reader = tail.reader(None, Filter::default()).await;
        readers.push(reader.expect("a reader"));
    }
    store.submit(bulk()).await.expect("accepted");
    let read = join_all(readers.into_iter().map(read));
    let read = tokio::time::timeout(DEADLINE, read).await;
    let read = read.expect("all of it in time");
    // What is shared is one thing, and each time that it is read makes another.
    let events: HashSet<*const LiveEvent> = read.iter().flatten().map(Arc::as_ptr).collect();
    let closed = tokio::task::spawn_blocking(move || drop((tail, store))).await;
    closed.expect("the store closes");
    let times = events.len() / 10_000;
    assert!(times <= 5, "each event was read {times} times");
}
