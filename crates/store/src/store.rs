//! The asynchronous face: work goes to the threads, answers come back.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, AtomicUsize, Ordering},
        mpsc::{self, Sender},
    },
    thread::JoinHandle,
};

use prometheus_client::registry::Registry;
use tokio::sync::oneshot;

use crate::{
    Batch, CommitSums, Error, Location, Read, Wake,
    driver::Listener,
    events,
    items::{Answer, Closure, Item},
    listen::listen,
    location::{connect, connect_reader},
    metrics::Commits,
    migrate::migrate,
    reader::{self, Query},
    retention,
    runs::{Beat, Finish, Heartbeat, Submit, Submitted},
    thread::thread,
    writer::Writer,
};

/// Threads that read.
const READERS: usize = 2;
/// Threads that write to PostgreSQL. SQLite has one.
const POSTGRES_WRITERS: usize = 2;

/// The durable state. Cheap to clone; its threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    shared: Arc<Shared>,
}

struct Shared {
    name: u64,
    writers: Vec<Sender<Item>>,
    queries: Mutex<Option<Sender<Query>>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    next: AtomicUsize,
    wake: Wake,
    commits: Commits,
    aging_step_ms: Arc<AtomicI64>,
    /// The listener ends when this is dropped.
    stop: Option<oneshot::Sender<()>>,
}

impl Store {
    /// Opens the database and brings it to this program's schema. `name` tells this store from
    /// others on the same database: a random number; `now` is the time, epoch milliseconds. It waits
    /// for the database, so it must not be called on a thread of an asynchronous runtime.
    ///
    /// # Errors
    /// When the database cannot be opened, or was written by a newer program.
    pub fn open(location: &Location, name: u64, now: i64) -> Result<Self, Error> {
        let mut first = connect(location)?;
        migrate(&mut first)?;
        let extent = events::extent(&mut Read {
            tx: &mut first.tx(),
        })?;
        let (wake, commits) = (Wake::new(extent.newest), Commits::new());
        let aging_step_ms = Arc::new(AtomicI64::new(0));
        let (mut writers, mut threads) = (Vec::new(), Vec::new());
        let postgres = matches!(location, Location::Postgres(_));
        let count = if postgres { POSTGRES_WRITERS } else { 1 };
        let mut first = Some(first);
        for place in 0..count {
            let mut connection = first.take().map_or_else(|| connect(location), Ok)?;
            connection.enrol(writer_name(name, place), now)?;
            let (sender, queue) = mpsc::channel();
            let aging = Arc::clone(&aging_step_ms);
            let (wake, commits) = (wake.clone(), commits.clone());
            let writer = Writer::new(connection, wake, commits, name, postgres, aging);
            threads.push(thread("writer", move || writer.serve(&queue))?);
            writers.push(sender);
        }
        let (queries, queue) = mpsc::channel::<Query>();
        let queue = Arc::new(Mutex::new(queue));
        for _ in 0..READERS {
            let (connection, queue) = (connect_reader(location)?, queue.clone());
            threads.push(thread("reader", move || reader::serve(connection, &queue))?);
        }
        let (stop, stopped) = oneshot::channel();
        if let Location::Postgres(url) = location {
            let (listener, wake) = (Listener::new(url)?, wake.clone());
            threads.push(thread("listener", move || {
                listen(&listener, &wake, name, stopped);
            })?);
        }
        let shared = Shared {
            name,
            writers,
            queries: Mutex::new(Some(queries)),
            threads: Mutex::new(threads),
            next: AtomicUsize::new(0),
            wake,
            commits,
            aging_step_ms,
            stop: Some(stop),
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// Sets the aging step, see [`engine::sort_key`], for runs that the ends of their children wake.
    pub fn set_aging_step_ms(&self, aging_step_ms: i64) {
        let step = &self.shared.aging_step_ms;
        step.store(aging_step_ms, Ordering::Relaxed);
    }

    /// Who waits for commits.
    #[must_use]
    pub fn wake(&self) -> &Wake {
        &self.shared.wake
    }

    /// What the writers did since the start.
    #[must_use]
    pub fn commit_sums(&self) -> CommitSums {
        self.shared.commits.sums()
    }

    /// Tells Prometheus what the writers do.
    pub fn register(&self, registry: &mut Registry) {
        self.shared.commits.register(registry);
    }

    /// Sends runs whose last attempt was ended here to `observer`; those that do not fit are left
    /// out.
    pub fn observe(&self, observer: tokio::sync::mpsc::Sender<engine::Run>) {
        self.shared.commits.observe(observer);
    }

    /// Submits runs.
    ///
    /// # Errors
    /// [`Error::KeyReused`], [`Error::Exclusive`], [`Error::NotFound`] or [`Error::CalledOff`] for a
    /// parent, or the database's.
    pub async fn submit(&self, submit: Submit) -> Result<Submitted, Error> {
        let key = submit
            .runs
            .first()
            .map_or(0, |submission| place(&submission.run.id));
        self.ask(key, |answer| Item::Submit(submit, answer)).await
    }

    /// Extends a lease.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Rejected`], or the database's.
    pub async fn heartbeat(&self, beat: Heartbeat) -> Result<Beat, Error> {
        self.ask(place(&beat.id), |answer| Item::Heartbeat(beat, answer))
            .await
    }

    /// Ends attempts; one answer for each, in order: the run as it is now.
    ///
    /// # Errors
    /// The database's. The answers within may be [`Error::NotFound`] or [`Error::Rejected`].
    pub async fn finish(
        &self,
        finishes: Vec<Finish>,
    ) -> Result<Vec<Result<engine::Run, Error>>, Error> {
        let key = finishes.first().map_or(0, |finish| place(&finish.id));
        self.ask(key, |answer| Item::Finish(finishes, answer)).await
    }

    /// Runs `work` in a transaction. It may run more than once, so it must not keep anything.
    ///
    /// # Errors
    /// What `work` answers (nothing of it remains then), or the database's.
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&mut Batch<'_, '_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.write_at(0, work).await
    }

    async fn write_at<T: Send + 'static>(
        &self,
        place: usize,
        work: impl Fn(&mut Batch<'_, '_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        let closure = Closure::new(work, sender);
        self.send(place, Item::Other(Box::new(closure)))?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Says on a shared database that this store is there, so that no other store takes its writers for dead.
    pub async fn attend(&self, now: i64) -> Result<(), Error> {
        for place in 0..self.shared.writers.len() {
            let name = writer_name(self.shared.name, place);
            // Each says it of itself: no writer waits for another's row.
            let work = move |batch: &mut Batch<'_, '_>| retention::attend(batch, &name, now);
            self.write_at(place, work).await?;
        }
        Ok(())
    }

    /// Runs `query` on one state of the database.
    ///
    /// # Errors
    /// What `query` answers, or the database's.
    pub async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&mut Read<'_, '_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        let query: Query = Box::new(move |read| {
            // The caller may have gone.
            let _ = sender.send(read.and_then(query));
        });
        self.send_query(query)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    async fn ask<T>(&self, key: usize, item: impl FnOnce(Answer<T>) -> Item) -> Result<T, Error> {
        let (sender, answer) = oneshot::channel();
        self.send(key, item(sender))?;
        answer.await.map_err(|_| Error::Closed)?
    }

    fn send_query(&self, query: Query) -> Result<(), Error> {
        let queries = self
            .shared
            .queries
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        queries
            .as_ref()
            .ok_or(Error::Closed)?
            .send(query)
            .map_err(|_| Error::Closed)
    }

    /// Claims concern whatever is ready, so they go to the writers in turn.
    pub(crate) fn any_writer(&self) -> usize {
        self.shared.next.fetch_add(1, Ordering::Relaxed)
    }

    /// What concerns one run goes to one writer; closures, which may concern many, go to the first.
    pub(crate) fn send(&self, key: usize, item: Item) -> Result<(), Error> {
        let writers = &self.shared.writers;
        writers[key % writers.len()]
            .send(item)
            .map_err(|_| Error::Closed)
    }
}

impl Drop for Shared {
    /// Everything that was handed over is written before the threads end.
    fn drop(&mut self) {
        for writer in &self.writers {
            // A writer that is gone has nothing to end.
            let _ = writer.send(Item::Stop);
        }
        self.stop = None;
        *self
            .queries
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner) = None;
        for thread in self
            .threads
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
            .drain(..)
        {
            // The last clone may live in a query on one of the threads themselves.
            if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
    }
}

fn writer_name(store: u64, place: usize) -> String {
    format!("{store:016x}/{place}")
}

/// The last bytes of an id are random.
pub(crate) fn place(id: &engine::RunId) -> usize {
    usize::from(id.as_bytes()[15])
}
