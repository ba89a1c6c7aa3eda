//! The keys that this server knows, never older than half a second when they decide something.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
    time::{Duration, Instant},
};

use store::{Store, keys::KeyRow};
use tokio::sync::watch;

use super::{Principal, bucket::lock, key::Key, principal::KeyHolder, secret};
use crate::Clock;

/// What was read longer ago does not decide: another server, or the command line, may have revoked
/// a key since.
pub(crate) const FRESH: Duration = Duration::from_millis(500);

/// A key that is used all the time is written down this often.
const NOTE_EVERY_MS: i64 = 60_000;

/// The keys of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Keys {
    shared: Arc<Shared>,
}

struct Shared {
    known: watch::Sender<Arc<Known>>,
    /// When `known` was last found to be what the database has.
    looked: Mutex<Option<Instant>>,
    /// Held while the database is read.
    looking: tokio::sync::Mutex<()>,
}

/// What was read from the database.
#[derive(Default)]
struct Known {
    version: i64,
    /// Whether there ever was a key.
    any: bool,
    /// Keys by their public prefixes, also those that were revoked or have expired.
    by_prefix: HashMap<String, Arc<Key>>,
}

/// What the keys say of a request.
pub(super) enum Found {
    /// It shows a good key.
    Key(Arc<Key>),
    /// It shows none, and there are none.
    NoKeys,
    /// It shows none, but there are some.
    Missing,
    /// It shows one that was good once.
    Ended(Arc<Key>),
    /// It shows one that never was good.
    Unknown,
}

impl Keys {
    pub(crate) fn new() -> Self {
        let shared = Shared {
            known: watch::Sender::new(Arc::default()),
            looked: Mutex::default(),
            looking: tokio::sync::Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Whether there ever was a key.
    pub(crate) async fn any(&self, store: &Store) -> Result<bool, store::Error> {
        self.look_if_old(store).await?;
        Ok(self.shared.known.borrow().any)
    }

    /// Finds the key that a request shows.
    pub(super) async fn find(
        &self,
        store: &Store,
        credentials: Option<&str>,
        now: i64,
    ) -> Result<Found, store::Error> {
        self.look_if_old(store).await?;
        let known = self.shared.known.borrow().clone();
        let Some(text) = credentials else {
            return Ok(if known.any {
                Found::Missing
            } else {
                Found::NoKeys
            });
        };
        let key = secret::prefix(text).and_then(|prefix| known.by_prefix.get(prefix));
        match key {
            Some(key) if secret::is_hash_of(&key.hash, text) => {
                if !key.is_live(now) {
                    return Ok(Found::Ended(key.clone()));
                }
                key.used_at.store(now, Ordering::Relaxed);
                Ok(Found::Key(key.clone()))
            }
            _ => Ok(Found::Unknown),
        }
    }

    /// Whether this is a good key: it was used now.
    #[cfg(test)]
    pub(crate) async fn is_good(&self, store: &Store, text: &str, now: i64) -> bool {
        let found = self.find(store, Some(text), now).await;
        matches!(found, Ok(Found::Key(_)))
    }

    /// The live key with this id.
    pub(super) async fn by_id(
        &self,
        store: &Store,
        id: &str,
        now: i64,
    ) -> Result<Option<Arc<Key>>, store::Error> {
        self.look_if_old(store).await?;
        let known = self.shared.known.borrow().clone();
        let mut keys = known.by_prefix.values();
        Ok(keys.find(|key| key.id == id && key.is_live(now)).cloned())
    }

    /// Whether the key with this id is neither revoked nor expired.
    pub(crate) async fn is_live(
        &self,
        store: &Store,
        id: &str,
        now: i64,
    ) -> Result<bool, store::Error> {
        Ok(self.by_id(store, id, now).await?.is_some())
    }

    /// Returns when `principal` may no longer do what it was allowed to.
    pub(crate) async fn ended(&self, principal: &Principal, clock: &Clock) {
        let mut known = self.shared.known.subscribe();
        loop {
            let still = known.borrow_and_update().stands(principal, clock.now_ms());
            if !still {
                return;
            }
            tokio::select! {
                changed = known.changed() => if changed.is_err() { return },
                () = expiry(principal, clock) => {}
            }
        }
    }

    /// Whether a call that waits, or a stream, is to end when its key does.
    pub(crate) fn are_watched(&self) -> bool {
        self.shared.known.receiver_count() > 0
    }

    /// Reads what the database has now, whatever was read before: after a change of our own.
    pub(crate) async fn look(&self, store: &Store) -> Result<(), store::Error> {
        let _alone = self.shared.looking.lock().await;
        self.look_alone(store).await
    }

    async fn look_if_old(&self, store: &Store) -> Result<(), store::Error> {
        let asked = Instant::now();
        if self.looked().is_some_and(|looked| asked < looked + FRESH) {
            return Ok(());
        }
        let _alone = self.shared.looking.lock().await;
        // Another caller has read meanwhile.
        if self.looked().is_some_and(|looked| looked >= asked) {
            return Ok(());
        }
        self.look_alone(store).await
    }

    async fn look_alone(&self, store: &Store) -> Result<(), store::Error> {
        let begun = Instant::now();
        let before = self.shared.known.borrow().clone();
        let version = before.version;
        let news = store
            .read(move |read| {
                let newest = store::keys::version(read)?;
                // A database that never had a key has version 0, as what was never read.
                let list = (newest != version).then(|| store::keys::list(read));
                Ok(list.transpose()?.map(|rows| (newest, rows)))
            })
            .await?;
        if let Some((version, rows)) = news {
            let known = Known::of(version, rows, &before);
            self.shared.known.send_replace(Arc::new(known));
        }
        *lock(&self.shared.looked) = Some(begun);
        Ok(())
    }

    /// When it was last known what the database has.
    pub(crate) fn looked(&self) -> Option<Instant> {
        *lock(&self.shared.looked)
    }

    /// Writes down which keys were used since the last time.
    pub(crate) async fn note_used(&self, store: &Store) -> Result<(), store::Error> {
        let known = self.shared.known.borrow().clone();
        let used = known.by_prefix.values().filter_map(|key| {
            let at = key.used_at.load(Ordering::Relaxed);
            let noted_at = key.noted_at.load(Ordering::Relaxed);
            // Only the loop notes, and a note that is lost is made up for a minute later.
            (at >= noted_at.saturating_add(NOTE_EVERY_MS)).then(|| {
                key.noted_at.store(at, Ordering::Relaxed);
                (key.id.clone(), at)
            })
        });
        let used: Vec<(String, i64)> = used.collect();
        if used.is_empty() {
            return Ok(());
        }
        let work = move |batch: &mut store::Batch<'_, '_>| store::keys::note_used(batch, &used);
        store.write(work).await
    }
}

/// Returns when the principal's key expires, or after an hour.
async fn expiry(principal: &Principal, clock: &Clock) {
    let Some(at) = principal.key().and_then(|key| key.expires_at) else {
        return std::future::pending().await;
    };
    let left = u64::try_from(at - clock.now_ms()).unwrap_or(0);
    tokio::time::sleep(Duration::from_millis(left.clamp(1, 3_600_000))).await;
}

impl Known {
    fn of(version: i64, rows: Vec<KeyRow>, before: &Self) -> Self {
        let any = !rows.is_empty();
        let by_prefix = rows.into_iter().map(|row| {
            // Nothing of a key changes but that it is revoked.
            let known = before.by_prefix.get(&row.prefix);
            let same = known.filter(|key| key.is_revoked == row.revoked_at.is_some());
            (
                row.prefix.clone(),
                same.cloned().unwrap_or_else(|| Arc::new(Key::of(row))),
            )
        });
        Self {
            version,
            any,
            by_prefix: by_prefix.collect(),
        }
    }

    /// Whether `principal` still is what it was.
    fn stands(&self, principal: &Principal, now: i64) -> bool {
        match principal {
            Principal::Builtin => true,
            Principal::Loopback | Principal::Operator => !self.any,
            Principal::Key(KeyHolder(key)) => {
                let mut known = self.by_prefix.values();
                key.is_live(now) && known.any(|known| known.id == key.id && !known.is_revoked)
            }
        }
    }
}
