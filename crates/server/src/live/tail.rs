//! The end of the event log. One task reads what is new, once, for all readers near the end; those
//! that are further behind read the log themselves, few at a time.

use std::{
    sync::{Arc, PoisonError, RwLock, Weak},
    time::Duration,
};

use store::{Store, events::Extent};
use tokio::{
    sync::{Semaphore, watch},
    time::sleep,
};

use super::{
    Filter, LiveEvent, Reader,
    window::{Found, Window},
};

/// It looks at least this often: a notice of another server may have been lost.
const LOOK: Duration = Duration::from_secs(5);
/// After a failure of the database.
const RECOVERY: Duration = Duration::from_secs(1);
/// Readers that read the log by themselves at once: the database has other callers.
const BEHIND: usize = 2;

/// How much is held and read at once.
#[derive(Clone, Copy)]
pub(crate) struct Sizes {
    /// Events in memory.
    pub(crate) events: usize,
    /// Their size, in bytes.
    pub(crate) bytes: usize,
    /// New events that are read at once.
    pub(crate) page: i64,
    /// Events that a reader takes or reads at once.
    pub(crate) step: usize,
}

impl Default for Sizes {
    fn default() -> Self {
        Self {
            events: 4_096,
            bytes: 16 << 20,
            page: 512,
            step: 256,
        }
    }
}

/// The end of the log of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tail {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) sizes: Sizes,
    window: RwLock<Window>,
    /// Number of the newest event in the window.
    head: watch::Sender<i64>,
    /// How many readers there are: without any, nothing is read.
    pub(super) readers: watch::Sender<usize>,
    pub(super) behind: Semaphore,
}

impl Tail {
    /// Begins to follow the log. The task ends with the last clone.
    pub(crate) fn start(store: &Store, sizes: Sizes) -> Self {
        let committed = store.wake().head();
        let newest = *committed.borrow();
        let shared = Arc::new(Shared {
            store: store.clone(),
            sizes,
            window: RwLock::new(Window::new(newest)),
            head: watch::Sender::new(newest),
            readers: watch::Sender::new(0),
            behind: Semaphore::new(BEHIND),
        });
        let readers = shared.readers.subscribe();
        tokio::spawn(follow(Arc::downgrade(&shared), committed, readers));
        Self { shared }
    }

    /// A reader of what comes after number `start`; without it, of what is new.
    pub(crate) async fn reader(
        &self,
        start: Option<i64>,
        filter: Filter,
    ) -> Result<Reader, store::Error> {
        Reader::open(self.clone(), start, filter).await
    }

    pub(super) fn head(&self) -> watch::Receiver<i64> {
        self.shared.head.subscribe()
    }

    pub(super) fn after(&self, after: i64, filter: &Filter) -> Found {
        let window = self.shared.window.read();
        let window = window.unwrap_or_else(PoisonError::into_inner);
        window.after(after, filter, self.shared.sizes.step)
    }
}

async fn follow(
    shared: Weak<Shared>,
    mut committed: watch::Receiver<i64>,
    mut readers: watch::Receiver<usize>,
) {
    loop {
        let was_alone = *readers.borrow_and_update() == 0;
        if readers.wait_for(|readers| *readers > 0).await.is_err() {
            return;
        }
        let Some(shared) = shared.upgrade() else {
            return;
        };
        // Watch before looking: what is committed in between is not missed.
        committed.borrow_and_update();
        let filled = shared.fill(was_alone).await;
        drop(shared);
        if let Err(error) = filled {
            tracing::error!(%error, "the event log could not be read");
            sleep(RECOVERY).await;
            continue;
        }
        tokio::select! {
            changed = committed.changed() => if changed.is_err() { return },
            () = sleep(LOOK) => {}
        }
    }
}

impl Shared {
    /// Takes what is new into the window: page by page, so that readers find it there however much came
    /// at once. When there were no readers, it `may_jump` to the end.
    async fn fill(&self, mut may_jump: bool) -> Result<(), store::Error> {
        loop {
            let newest = self.window(|window| window.newest());
            let far = may_jump.then_some(self.sizes.events);
            let page = self.sizes.page;
            may_jump = false;
            let (start, rows) = self
                .store
                .read(move |read| {
                    let extent = store::events::extent(read)?;
                    let start = begin(newest, extent, far);
                    Ok((start, store::events::after(read, start, None, page)?))
                })
                .await?;
            let more = i64::try_from(rows.len()).is_ok_and(|read| read == page);
            let newest = self.window(|window| {
                if start != newest {
                    *window = Window::new(start);
                }
                for row in rows {
                    let event = Arc::new(LiveEvent::new(row));
                    window.push(event, self.sizes.events, self.sizes.bytes);
                }
                window.newest()
            });
            self.head.send_if_modified(|head| {
                let moved = *head != newest;
                *head = newest;
                moved
            });
            if !more {
                return Ok(());
            }
        }
    }

    fn window<T>(&self, with: impl FnOnce(&mut Window) -> T) -> T {
        // What it guards is whole after every call, so a panic elsewhere does not spoil it.
        let window = self.window.write();
        with(&mut window.unwrap_or_else(PoisonError::into_inner))
    }
}

/// After which number to read on. After a long time without readers it is `far` behind: what would not
/// stay in the window is not read then.
fn begin(newest: i64, extent: Extent, far: Option<usize>) -> i64 {
    let far = far.and_then(|far| i64::try_from(far).ok());
    let far = far.unwrap_or(i64::MAX);
    if extent.newest.saturating_sub(newest) > far {
        return extent.newest;
    }
    newest.max(extent.removed)
}

#[cfg(test)]
mod tests;
