//! Threads of the store.

use std::thread::JoinHandle;

use crate::Error;

/// Starts a thread of the store. A panic on it ends the process: a server that lives on without its
/// writer would answer nothing but errors, and what is on disk is whole after any end.
pub(crate) fn thread(
    name: &str,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, Error> {
    let savepoint = move || {
        if std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err() {
            tracing::error!("a thread of the store panicked: the process ends");
            std::process::abort();
        }
    };
    std::thread::Builder::new()
        .name(format!("store-{name}"))
        .spawn(savepoint)
        .map_err(|error| Error::Unavailable(format!("a thread could not be started: {error}")))
}
