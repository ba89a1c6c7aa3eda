//! What the steps of a session did in its pages, with a picture before and after each. The pictures are those that
//! viewers get: taking them costs the steps nothing.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed},
};

use browser::ScreencastFrame;
use bytes::Bytes;

/// More steps than a person reads; the oldest go.
const STEPS: usize = 1_000;
/// All pictures together, as base64; those of the oldest steps go.
const PICTURE_BYTES: usize = 12 << 20;

/// All screenshots together.
const SCREENSHOT_BYTES: usize = 16 << 20;

/// The trace of a session.
#[derive(Default)]
pub(crate) struct PageTrace {
    steps: Mutex<Vec<TracedStep>>,
    /// The screenshots of its steps, by the names of the artefacts.
    pictures: Mutex<Vec<(String, Bytes)>>,
    /// How many of them had no room.
    dropped: AtomicUsize,
    /// How many steps were added, and how many of them the artefact has that was kept last.
    added: AtomicUsize,
    kept: AtomicUsize,
    /// The token of the lease under which the session was opened; 0 before.
    token: AtomicI64,
}

/// One try of a step.
pub(crate) struct TracedStep {
    /// Its place in the execution.
    pub(crate) key: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    /// What it acted on: a locator or an address.
    pub(crate) target: String,
    /// Epoch milliseconds.
    pub(crate) at_ms: i64,
    pub(crate) took_ms: u64,
    /// Why it failed, if it did.
    pub(crate) error: Option<String>,
    /// The page after it.
    pub(crate) url: String,
    /// What the console printed during it, with the level before it.
    pub(crate) console: Vec<String>,
    /// How many requests were answered during it.
    pub(crate) answers: u64,
    /// Those that failed during it, with the reason.
    pub(crate) failed_requests: Vec<String>,
    pub(crate) before: Option<Arc<ScreencastFrame>>,
    pub(crate) after: Option<Arc<ScreencastFrame>>,
}

impl PageTrace {
    /// The session is used under a lease.
    pub(super) fn begin(&self, token: i64) {
        let _ = self.token.compare_exchange(0, token, Relaxed, Relaxed);
    }

    /// The token of the lease under which the session was opened; 0 when it never was.
    pub(crate) fn token(&self) -> i64 {
        self.token.load(Relaxed)
    }

    /// How many steps were added, if the artefact does not have all of them.
    pub(crate) fn unkept(&self) -> Option<usize> {
        let added = self.added.load(Relaxed);
        (added != self.kept.load(Relaxed)).then_some(added)
    }

    /// The artefact has so many of the steps.
    pub(crate) fn keep(&self, added: usize) {
        self.kept.store(added, Relaxed);
    }

    /// Adds a step. What it saw first is what the one before it left.
    pub(crate) fn add(&self, step: TracedStep) {
        let mut steps = self.steps();
        if let (Some(last), Some(seen)) = (steps.last_mut(), &step.before) {
            last.after = Some(Arc::clone(seen));
        }
        steps.push(step);
        self.added.fetch_add(1, Relaxed);
        if steps.len() > STEPS {
            steps.remove(0);
        }
        let mut bytes: usize = steps.iter().map(TracedStep::picture_bytes).sum();
        for step in &mut *steps {
            if bytes <= PICTURE_BYTES {
                break;
            }
            bytes -= step.picture_bytes();
            (step.before, step.after) = (None, None);
        }
    }

    /// Its steps. The newest picture is what the last of them left.
    pub(crate) fn finished(
        &self,
        newest: Option<Arc<ScreencastFrame>>,
    ) -> MutexGuard<'_, Vec<TracedStep>> {
        let mut steps = self.steps();
        if let (Some(last), Some(newest)) = (steps.last_mut(), newest) {
            last.after = Some(newest);
        }
        steps
    }

    /// Remembers a screenshot for reports. The oldest go.
    pub(crate) fn add_picture(&self, name: &str, picture: Bytes) {
        let mut pictures = self.lock_pictures();
        pictures.retain(|(known, _)| known != name);
        pictures.push((name.to_owned(), picture));
        let mut bytes: usize = pictures.iter().map(|(_, picture)| picture.len()).sum();
        while bytes > SCREENSHOT_BYTES && pictures.len() > 1 {
            bytes -= pictures.remove(0).1.len();
            self.dropped.fetch_add(1, Relaxed);
        }
    }

    /// The screenshots, oldest first, and how many older ones are gone.
    pub(crate) fn pictures(&self) -> (Vec<(String, Bytes)>, usize) {
        (self.lock_pictures().clone(), self.dropped.load(Relaxed))
    }

    fn lock_pictures(&self) -> MutexGuard<'_, Vec<(String, Bytes)>> {
        self.pictures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn steps(&self) -> MutexGuard<'_, Vec<TracedStep>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TracedStep {
    /// A step's picture after it is the next one's before, and is counted there.
    fn picture_bytes(&self) -> usize {
        self.before.as_ref().map_or(0, |frame| frame.base64.len())
    }
}
