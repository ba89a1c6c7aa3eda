//! The executor without which the server is not ready.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether the awaited executor, if there is one, has registered since the start.
pub(crate) struct Readiness {
    name: Option<String>,
    is_there: AtomicBool,
}

impl Readiness {
    pub(crate) fn new(name: Option<&str>) -> Self {
        Self {
            is_there: AtomicBool::new(name.is_none()),
            name: name.map(str::to_owned),
        }
    }

    /// An executor has registered.
    pub(crate) fn registered(&self, executor: &str) {
        if self.name.as_deref() == Some(executor) {
            self.is_there.store(true, Ordering::Relaxed);
        }
    }

    pub(crate) fn is_there(&self) -> bool {
        self.is_there.load(Ordering::Relaxed)
    }
}
