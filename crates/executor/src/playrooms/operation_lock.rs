//! The lock of whoever starts and stops the containers of a playground.

use tokio::sync::{Mutex, MutexGuard, TryLockError, watch};

/// Held by an operation, and by whoever puts the playground to sleep or wakes it.
#[derive(Default)]
pub(crate) struct OperationLock {
    lock: Mutex<()>,
    /// How many wait for it.
    waiting: watch::Sender<usize>,
}

impl OperationLock {
    /// LockWaiter for it.
    pub(crate) async fn lock(&self) -> MutexGuard<'_, ()> {
        self.waiting.send_modify(|waiting| *waiting += 1);
        let _waits = LockWaiter(&self.waiting);
        self.lock.lock().await
    }

    /// Takes it if it is free.
    pub(super) fn try_lock(&self) -> Result<MutexGuard<'_, ()>, TryLockError> {
        self.lock.try_lock()
    }

    /// LockWaiter until another one wants it.
    pub(super) async fn is_wanted(&self) {
        // The sender lives as long as this.
        let _ = self
            .waiting
            .subscribe()
            .wait_for(|waiting| *waiting > 0)
            .await;
    }
}

struct LockWaiter<'l>(&'l watch::Sender<usize>);

impl Drop for LockWaiter<'_> {
    fn drop(&mut self) {
        self.0.send_modify(|waiting| *waiting -= 1);
    }
}
