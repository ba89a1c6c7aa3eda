//! Without what the server is not ready: an executor, and a database that can be written to.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use store::Store;
use tokio::{sync::Mutex, time::timeout};

/// How long a write is believed, whether it worked or not.
const PROOF: Duration = Duration::from_secs(5);
/// A write that takes longer does not work.
const WRITE_LIMIT: Duration = Duration::from_secs(5);

/// Whether the awaited executor, if there is one, has registered since the start, and a write has worked.
pub(crate) struct Readiness {
    name: Option<String>,
    is_there: AtomicBool,
    written: Mutex<Option<(Instant, Result<(), String>)>>,
}

impl Readiness {
    pub(crate) fn new(name: Option<&str>) -> Self {
        Self {
            is_there: AtomicBool::new(name.is_none()),
            name: name.map(str::to_owned),
            written: Mutex::default(),
        }
    }

    /// An executor has registered.
    pub(crate) fn registered(&self, executor: &str) {
        if self.name.as_deref() == Some(executor) {
            self.is_there.store(true, Ordering::Relaxed);
        }
    }

    /// Writes to the database, unless that was done a moment ago. Those that ask meanwhile wait for its end.
    pub(crate) async fn can_write(&self, store: &Store, now_ms: i64) -> Result<(), String> {
        let mut written = self.written.lock().await;
        if let Some((at, ended)) = &*written
            && at.elapsed() < PROOF
        {
            return ended.clone();
        }
        let write = store.write(move |batch| store::proof::write(batch, now_ms));
        let ended = match timeout(WRITE_LIMIT, write).await {
            Ok(ended) => ended.map_err(|error| error.to_string()),
            Err(_) => Err("a write takes too long".to_owned()),
        };
        *written = Some((Instant::now(), ended.clone()));
        ended
    }

    pub(crate) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }
}
