//! How much memory requests may take together: a number of bytes for the large ones, which take
//! their shares before their bodies are read and keep them until the answer is known, and a number
//! of small ones.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::HttpBody,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
};
use tracing::Instrument;

use crate::api::refusal;

/// A body of so many bytes needs no share: counting requests bounds those.
pub(crate) const SMALL_BYTES: u64 = 16 * 1024;
/// How long a request waits for its share.
const PATIENCE: Duration = Duration::from_secs(3);
/// What a request hears that did not get its share.
pub(crate) const BUSY: &str = "the server has too much to do at once; nothing was changed";

/// The memory for requests of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Budget {
    parts: Arc<Parts>,
}

struct Parts {
    free: Arc<Semaphore>,
    total_bytes: u32,
    requests: AtomicUsize,
    requests_limit: usize,
}

impl Budget {
    /// So many bytes for large requests, and so many small ones as would fill them.
    pub(crate) fn new(bytes: u64) -> Self {
        let total_bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let parts = Parts {
            free: Arc::new(Semaphore::new(total_bytes as usize)),
            total_bytes,
            requests: AtomicUsize::new(0),
            requests_limit: usize::try_from(bytes / SMALL_BYTES).unwrap_or(usize::MAX),
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// The share of a request that has taken nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share(Arc::new(Held {
            parts: self.parts.clone(),
            permits: Mutex::default(),
        }))
    }

    fn enter(&self) -> Option<Place> {
        let place = Place(self.parts.clone());
        let before = self.parts.requests.fetch_add(1, Ordering::Relaxed);
        (before < self.parts.requests_limit).then_some(place)
    }
}

/// One of the requests with a body that are answered now.
struct Place(Arc<Parts>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A large request's part of the budget. The last clone gives it back.
#[derive(Clone)]
pub(crate) struct Share(Arc<Held>);

struct Held {
    parts: Arc<Parts>,
    permits: Mutex<Option<OwnedSemaphorePermit>>,
}

impl Share {
    /// Takes so many bytes more, or what there is of them beside its own; false when they do not
    /// become free within a short time.
    pub(crate) async fn take(&self, bytes: u64) -> bool {
        let Held { parts, permits } = &*self.0;
        let lock = || permits.lock().unwrap_or_else(PoisonError::into_inner);
        let held = lock().as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let beside = u64::from(parts.total_bytes).saturating_sub(held as u64);
        let wanted = u32::try_from(bytes.min(beside)).unwrap_or(u32::MAX);
        let more = parts.free.clone().acquire_many_owned(wanted);
        let Ok(Ok(more)) = tokio::time::timeout(PATIENCE, more).await else {
            return false;
        };
        match &mut *lock() {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        true
    }

    /// Releases what was taken, before the answer.
    pub(crate) fn release(&self) {
        let permits = self.0.permits.lock();
        drop(permits.unwrap_or_else(PoisonError::into_inner).take());
    }

    fn is_empty(&self) -> bool {
        let permits = self.0.permits.lock();
        let permits = permits.unwrap_or_else(PoisonError::into_inner);
        permits.as_ref().is_none_or(|held| held.num_permits() == 0)
    }
}

/// Ends the work of a caller who hung up, unless it holds a share.
struct HungUp {
    work: AbortHandle,
    share: Share,
}

impl Drop for HungUp {
    fn drop(&mut self) {
        // Otherwise a claim that waits would take runs for nobody.
        if self.share.is_empty() {
            self.work.abort();
        }
    }
}

/// Answers a request within the budget. Whoever is refused for now hears when to come again.
pub(crate) async fn run(budget: &Budget, request: Request, next: Next) -> Response {
    let mut response = within(budget, request, next).await;
    if response.status() == StatusCode::SERVICE_UNAVAILABLE {
        let headers = response.headers_mut();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

async fn within(budget: &Budget, mut request: Request, next: Next) -> Response {
    let length = request.body().size_hint().upper();
    if length == Some(0) {
        return next.run(request).await;
    }
    let path = request.uri().path();
    let Some(place) = budget.enter() else {
        return refusal(path, StatusCode::SERVICE_UNAVAILABLE, BUSY);
    };
    if length.is_some_and(|length| length <= SMALL_BYTES) {
        let response = next.run(request).await;
        drop(place);
        return response;
    }
    let path = path.to_owned();
    let share = budget.share();
    request.extensions_mut().insert(share.clone());
    // What a caller has sent does not leave the memory when the caller hangs up.
    let held = share.clone();
    let work = async move {
        let response = next.run(request).await;
        drop((held, place));
        response
    };
    let work = tokio::spawn(work.in_current_span());
    let _ends = HungUp {
        work: work.abort_handle(),
        share,
    };
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was not answered");
        refusal(&path, StatusCode::INTERNAL_SERVER_ERROR, "internal error")
    })
}
