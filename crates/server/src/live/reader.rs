//! One reader's way along the event log: every wanted event once, in order, or a word that some are
//! gone.

use std::sync::Arc;

use tokio::sync::watch;

use super::{Filter, LiveEvent, Tail, window::Found};

/// What a reader comes upon.
pub(crate) enum ReaderStep {
    /// The next events that it wants; never none.
    Events(Vec<Arc<LiveEvent>>),
    /// Events that it may have wanted are gone, or it comes from another log.
    Reset {
        /// Number of the oldest event that is left.
        oldest: i64,
    },
}

/// A reader.
pub(crate) struct Reader {
    tail: Tail,
    head: watch::Receiver<i64>,
    filter: Filter,
    /// Everything up to this number was seen or not wanted.
    cursor: i64,
    reset: Option<Reset>,
    _counted: Counted,
}

/// What the reader is still to be told before it goes on.
struct Reset {
    /// Where it was: until it is told, it comes back there.
    position: i64,
    oldest: i64,
}

/// Keeps the tail awake.
struct Counted(Tail);

impl Counted {
    fn new(tail: Tail) -> Self {
        tail.shared.readers.send_modify(|readers| *readers += 1);
        Self(tail)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.shared.readers.send_modify(|readers| *readers -= 1);
    }
}

impl Reader {
    pub(super) async fn open(
        tail: Tail,
        start: Option<i64>,
        filter: Filter,
    ) -> Result<Self, store::Error> {
        let head = tail.head();
        let extent = tail.shared.store.read(store::events::extent).await?;
        let start = start.unwrap_or(extent.newest);
        // A number that is not given out yet is of another log, such as one that was restored since.
        let known = start >= extent.removed && start <= extent.newest;
        Ok(Self {
            head,
            filter,
            cursor: start.min(extent.newest).max(extent.removed),
            reset: (!known).then_some(Reset {
                position: start,
                oldest: extent.removed + 1,
            }),
            _counted: Counted::new(tail.clone()),
            tail,
        })
    }

    /// Number after which to resume: everything up to it was handed out, or was not wanted.
    pub(crate) fn position(&self) -> i64 {
        let reset = self.reset.as_ref();
        reset.map_or(self.cursor, |reset| reset.position)
    }

    /// Waits for what comes next. When it is dropped before it is ready, nothing is lost.
    pub(crate) async fn next(&mut self) -> Result<ReaderStep, store::Error> {
        loop {
            if let Some(Reset { oldest, .. }) = self.reset.take() {
                return Ok(ReaderStep::Reset { oldest });
            }
            // Watch before looking.
            self.head.borrow_and_update();
            let events = match self.tail.after(self.cursor, &self.filter) {
                Found::Events(events, seen) => {
                    self.cursor = seen;
                    events
                }
                Found::Behind => self.catch_up().await?,
                Found::Nothing => {
                    let changed = self.head.changed().await;
                    changed.map_err(|_| store::Error::Closed)?;
                    continue;
                }
            };
            if !events.is_empty() {
                return Ok(ReaderStep::Events(events));
            }
        }
    }

    /// Reads a page of the log. When retention was faster, the reader gets a reset first.
    async fn catch_up(&mut self) -> Result<Vec<Arc<LiveEvent>>, store::Error> {
        let tail = self.tail.clone();
        let shared = &tail.shared;
        let (cursor, run, page) = (self.cursor, self.filter.run, shared.sizes.step);
        let permit = shared.behind.acquire().await;
        let read = shared.store.read(move |read| {
            let extent = store::events::extent(read)?;
            let limit = i64::try_from(page).unwrap_or(i64::MAX);
            Ok((extent, store::events::after(read, cursor, run, limit)?))
        });
        let (extent, rows) = read.await?;
        drop(permit);
        // From here on nothing waits: either all of it happens, or nothing.
        if cursor < extent.removed {
            self.cursor = extent.removed;
            self.reset = Some(Reset {
                position: cursor,
                oldest: extent.removed + 1,
            });
            return Ok(Vec::new());
        }
        self.cursor = match rows.last() {
            Some(last) if rows.len() == page => last.seq,
            // What the query passed over is behind the reader as well.
            _ => extent.newest.max(cursor),
        };
        let wanted = rows.into_iter().filter(|row| self.filter.wants(row));
        Ok(wanted.map(|row| Arc::new(LiveEvent::new(row))).collect())
    }
}
