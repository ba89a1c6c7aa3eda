//! Waking owners: one call for many requests.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::watch;

use crate::{routes::Routes, settings::WakeHook};

/// The calls that are under way, by owner.
#[derive(Default)]
pub(super) struct Waking {
    calls: Arc<Mutex<HashMap<String, WakeResult>>>,
}

/// How a call ends.
#[derive(Clone)]
pub(super) struct WakeResult(watch::Receiver<Option<Result<(), String>>>);

impl WakeResult {
    /// Waits for the end: the reason of a failure, or `None`.
    pub(super) async fn failure(mut self) -> Option<String> {
        match self.0.wait_for(Option::is_some).await {
            Ok(result) => result.clone()?.err(),
            Err(_) => Some("the attempt to wake it broke off".to_owned()),
        }
    }
}

impl Waking {
    /// Calls the hook, unless a call for this owner is under way. `None` if the table has changed: a call
    /// that has just ended may have woken the owner.
    pub(super) fn wake(
        &self,
        hook: &WakeHook,
        owner: &str,
        changes: &watch::Receiver<Arc<Routes>>,
    ) -> Option<WakeResult> {
        let mut calls = lock(&self.calls);
        if let Some(result) = calls.get(owner) {
            return Some(result.clone());
        }
        // A call leaves the map after it has changed the table, so this misses none.
        if changes.has_changed().unwrap_or(true) {
            return None;
        }
        let (sender, receiver) = watch::channel(None);
        let result = WakeResult(receiver);
        calls.insert(owner.to_owned(), result.clone());
        let call = hook.call(owner.to_owned());
        let ended = Ended {
            calls: Arc::clone(&self.calls),
            owner: owner.to_owned(),
        };
        tokio::spawn(async move {
            let ended = ended;
            let result = call.await;
            drop(ended);
            sender.send_replace(Some(result));
        });
        Some(result)
    }
}

/// Removes a call from the map however it ends, a panic too.
struct Ended {
    calls: Arc<Mutex<HashMap<String, WakeResult>>>,
    owner: String,
}

impl Drop for Ended {
    fn drop(&mut self) {
        lock(&self.calls).remove(&self.owner);
    }
}

fn lock(calls: &Mutex<HashMap<String, WakeResult>>) -> MutexGuard<'_, HashMap<String, WakeResult>> {
    calls.lock().unwrap_or_else(PoisonError::into_inner)
}
