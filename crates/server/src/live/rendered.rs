//! Messages that are made once for all readers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::OnceCell;

/// How many messages are kept: readers that are further behind have theirs made again.
const KEPT: usize = 256;

/// The newest messages, by the number of their event.
#[derive(Default)]
pub(crate) struct Rendered(Mutex<BTreeMap<i64, Arc<OnceCell<Utf8Bytes>>>>);

impl Rendered {
    /// The message of an event, which `make` makes if no reader had it yet.
    pub(crate) async fn text<F>(
        &self,
        seq: i64,
        make: impl FnOnce() -> F,
    ) -> Result<Utf8Bytes, store::Error>
    where
        F: Future<Output = Result<Utf8Bytes, store::Error>>,
    {
        let cell = {
            let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let cell = Arc::clone(kept.entry(seq).or_default());
            while kept.len() > KEPT {
                kept.pop_first();
            }
            cell
        };
        cell.get_or_try_init(make).await.cloned()
    }
}
