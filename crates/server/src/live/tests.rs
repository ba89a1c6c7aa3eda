//! Whatever is committed, however slowly a reader reads, however often it comes back: each reader
//! gets the numbers after its start that it wants, each once and in order, or a `reset`.

use std::time::Duration;

use engine::{Command, Kind, NewRun, RunId};
use futures_util::FutureExt;
use proptest::prelude::*;
use store::{
    Location, Store,
    events::EventRow,
    runs::{self, Submission, Submit},
};
use tempfile::TempDir;

use super::{Filter, Reader, ReaderStep, Sizes, Tail};

const DEADLINE: Duration = Duration::from_secs(60);
/// So small that readers fall behind all the time.
const SMALL: Sizes = Sizes {
    events: 8,
    bytes: 1 << 20,
    page: 4,
    step: 3,
};
const READERS: usize = 4;

#[derive(Clone, Debug)]
enum AuditEntry {
    /// So many runs of each kind.
    Submit(usize, usize),
    /// The newest run.
    Cancel,
    /// Whatever is there for this reader, without waiting.
    Poll(usize),
    /// Up to so many steps of this reader.
    Read(usize, usize),
    /// Goes, and comes back to where it was.
    Return(usize),
    /// Retention removes all but so many events.
    Remove(i64),
}

fn entries() -> impl Strategy<Value = Vec<AuditEntry>> {
    let reader = 0..READERS;
    let entry = prop_oneof![
        4 => (0..6_usize, 0..3_usize).prop_map(|(jobs, others)| AuditEntry::Submit(jobs, others)),
        1 => Just(AuditEntry::Cancel),
        3 => reader.clone().prop_map(AuditEntry::Poll),
        4 => (reader.clone(), 1..6_usize).prop_map(|(reader, steps)| AuditEntry::Read(reader, steps)),
        2 => reader.prop_map(AuditEntry::Return),
        1 => (0..20_i64).prop_map(AuditEntry::Remove),
    ];
    proptest::collection::vec(entry, 1..60)
}

fn filters() -> [Filter; READERS] {
    let kind = |kind: &str| Filter {
        kind: Some(kind.to_owned()),
        ..Filter::default()
    };
    let types = Filter {
        types: Some(vec![
            "job.canc*".to_owned(),
            "execution.submitted".to_owned(),
        ]),
        ..Filter::default()
    };
    [Filter::default(), kind("job"), kind("execution"), types]
}

/// A reader, and up to which number it got everything.
struct Seat {
    reader: Reader,
    filter: Filter,
    place: i64,
}

struct World {
    store: Store,
    tail: Tail,
    /// All that was ever committed.
    log: Vec<EventRow>,
    removed: i64,
    newest_run: Option<RunId>,
    seats: Vec<Seat>,
    ids: u64,
    /// Before the store: it is closed first.
    _dir: TempDir,
}

impl World {
    async fn open() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let location = Location::Sqlite(dir.path().join("playhouse.db"));
        let store = tokio::task::spawn_blocking(move || Store::open(&location, 1, 0)).await;
        let store = store.expect("no panic").expect("the database opens");
        let tail = Tail::start(&store, SMALL);
        let mut seats = Vec::new();
        for filter in filters() {
            let reader = tail
                .reader(Some(0), filter.clone())
                .await
                .expect("a reader");
            seats.push(Seat {
                reader,
                filter,
                place: 0,
            });
        }
        Self {
            store,
            tail,
            log: Vec::new(),
            removed: 0,
            newest_run: None,
            seats,
            ids: 0,
            _dir: dir,
        }
    }

    fn now(&self) -> i64 {
        1_700_000_000_000 + i64::try_from(self.log.len()).expect("a length")
    }

    async fn entry(&mut self, entry: &AuditEntry) {
        match *entry {
            AuditEntry::Submit(jobs, others) => self.submit(jobs, others).await,
            AuditEntry::Cancel => self.cancel().await,
            AuditEntry::Poll(seat) => {
                let step = self.seats[seat].reader.next().now_or_never();
                if let Some(step) = step {
                    self.check(seat, step.expect("the database answers"));
                }
            }
            AuditEntry::Read(seat, steps) => {
                for _ in 0..steps {
                    self.read(seat).await;
                }
            }
            AuditEntry::Return(seat) => {
                let Seat { reader, filter, .. } = &self.seats[seat];
                let (start, filter) = (reader.position(), filter.clone());
                let reader = self.tail.reader(Some(start), filter).await;
                self.seats[seat].reader = reader.expect("a reader");
            }
            AuditEntry::Remove(kept) => self.remove(kept).await,
        }
    }

    async fn submit(&mut self, jobs: usize, others: usize) {
        let kinds = [vec![Kind::Job; jobs], vec![Kind::Execution; others]].concat();
        let mut runs = Vec::new();
        for kind in kinds {
            self.ids += 1;
            let id = RunId::from_bytes(u128::from(self.ids).to_be_bytes());
            self.newest_run = Some(id);
            let run = NewRun::new(id, kind, "example", kind.as_str());
            runs.push(Submission::new(run, ""));
        }
        let submit = Submit::new(runs, 1_000, self.now());
        self.store.submit(submit).await.expect("accepted");
        self.note().await;
    }

    async fn cancel(&mut self) {
        let Some(id) = self.newest_run.take() else {
            return;
        };
        let now = self.now();
        let cancel = move |batch: &mut store::Batch<'_, '_>| {
            runs::apply(batch, id, &Command::CancelPending, now)
        };
        self.store.write(cancel).await.expect("it is pending");
        self.note().await;
    }

    async fn remove(&mut self, kept: i64) {
        let newest = i64::try_from(self.log.len()).expect("a length");
        let last = newest - kept;
        if last <= self.removed {
            return;
        }
        let before = self.log[usize::try_from(last - 1).expect("a length")].at + 1;
        let remove =
            move |batch: &mut store::Batch<'_, '_>| store::retention::events(batch, before);
        self.store.write(remove).await.expect("removed");
        let extent = self.store.read(store::events::extent).await;
        self.removed = extent.expect("the ends of the log").removed;
    }

    /// Keeps what is new in the log.
    async fn note(&mut self) {
        let known = i64::try_from(self.log.len()).expect("a length");
        let after =
            move |read: &mut store::Read<'_, '_>| store::events::after(read, known, None, 1_000);
        let new = self.store.read(after).await.expect("the log");
        self.log.extend(new);
    }

    /// The next number that this reader is to get.
    fn due(&self, seat: usize) -> Option<i64> {
        let Seat { filter, place, .. } = &self.seats[seat];
        let mut rest = self.log.iter().filter(|row| row.seq > *place);
        rest.find(|row| filter.wants(row)).map(|row| row.seq)
    }

    /// One step, if there is something to come.
    async fn read(&mut self, seat: usize) {
        if self.due(seat).is_some() {
            let step = tokio::time::timeout(DEADLINE, self.seats[seat].reader.next()).await;
            let step = step.expect("what is due comes");
            self.check(seat, step.expect("the database answers"));
        }
    }

    fn check(&mut self, seat: usize, step: ReaderStep) {
        match step {
            ReaderStep::Events(events) => {
                assert!(!events.is_empty() && events.len() <= SMALL.step);
                for event in events {
                    let row = event.row();
                    assert_eq!(Some(row.seq), self.due(seat), "a gap or a repetition");
                    let number = usize::try_from(row.seq - 1).expect("a number");
                    assert_eq!(*row, self.log[number]);
                    self.seats[seat].place = row.seq;
                }
            }
            ReaderStep::Reset { oldest } => {
                assert!(self.seats[seat].place < self.removed, "nothing was removed");
                assert!(oldest > self.seats[seat].place + 1 && oldest <= self.removed + 1);
                self.seats[seat].place = oldest - 1;
            }
        }
        let Seat { reader, place, .. } = &self.seats[seat];
        assert!(reader.position() >= *place);
        let skipped = self.log.iter().find(|row| {
            row.seq > *place && row.seq <= reader.position() && self.seats[seat].filter.wants(row)
        });
        assert!(skipped.is_none(), "the position is beyond {skipped:?}");
    }

    async fn finish(mut self) {
        for seat in 0..READERS {
            while self.due(seat).is_some() {
                self.read(seat).await;
            }
        }
        self.seats.clear();
        let World { store, tail, .. } = self;
        let closed = tokio::task::spawn_blocking(move || drop((tail, store))).await;
        closed.expect("the store closes");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_reader_misses_or_repeats_an_event(entries in entries()) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build();
        runtime.expect("a runtime").block_on(async {
            let mut world = World::open().await;
            for entry in &entries {
                world.entry(entry).await;
            }
            world.finish().await;
        });
    }
}

#[tokio::test]
async fn a_reader_that_retention_overtakes_is_told_first() {
    let mut world = World::open().await;
    for _ in 0..30 {
        world.submit(1, 0).await;
    }
    world.remove(2).await;
    let step = world.seats[0].reader.next().await.expect("an answer");
    assert!(matches!(step, ReaderStep::Reset { oldest: 29 }));
    let ReaderStep::Events(events) = world.seats[0].reader.next().await.expect("an answer") else {
        panic!("two events are left");
    };
    let numbers: Vec<i64> = events.iter().map(|event| event.row().seq).collect();
    assert_eq!(numbers, [29, 30]);
}
