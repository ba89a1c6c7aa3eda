//! Limits the memory of requests: a semaphore of KiB for large ones, which take their share before
//! their bodies are read and keep it until the answer is known, and a number of requests.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use axum::{
    body::HttpBody,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::AbortHandle,
};
use tracing::Instrument;

use crate::refusal::{Refusal, RefusalKind};

const KIB: u64 = 1024;
/// A body of so many bytes needs no share: the number of requests limits those.
pub(crate) const SMALL_BYTES: u64 = 16 * KIB;
/// Before a request with a larger share than this is read, the allocator gives back what is free: it keeps what earlier
/// ones left in the arena of each thread, where this one would not find it.
const TRIM_KIB: u32 = 16 * 1024;
/// How long a request waits for its share.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The error of a request that did not get its share.
pub(crate) const BUSY: &str = "the server has too much to do at once; nothing was changed";

/// The memory for requests of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Budget {
    kib: Arc<Semaphore>,
    total_kib: u64,
    requests: Arc<Semaphore>,
}

impl Budget {
    /// So many bytes for large requests, and as many requests as small ones would fill them.
    pub(crate) fn new(bytes: u64) -> Self {
        let semaphore = |permits: u64| {
            let permits = usize::try_from(permits).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(permits.min(Semaphore::MAX_PERMITS)))
        };
        let total_kib = (bytes / KIB).min(u32::MAX.into());
        Self {
            kib: semaphore(total_kib),
            total_kib,
            requests: semaphore(bytes / SMALL_BYTES),
        }
    }

    /// The share of a request that has taken nothing yet.
    pub(crate) fn share(&self) -> Share {
        Share {
            budget: self.clone(),
            permit: Arc::default(),
        }
    }
}

/// A large request's part of the budget. The last clone releases it.
#[derive(Clone)]
pub(crate) struct Share {
    budget: Budget,
    permit: Arc<Mutex<Option<OwnedSemaphorePermit>>>,
}

impl Share {
    /// Takes so many bytes more, or all others of the budget; false when they do not become free within a
    /// short time.
    pub(crate) async fn take(&self, bytes: u64) -> bool {
        let held = self
            .lock()
            .as_ref()
            .map_or(0, OwnedSemaphorePermit::num_permits);
        let others = self.budget.total_kib.saturating_sub(held as u64);
        let wanted = u32::try_from(bytes.div_ceil(KIB).min(others)).unwrap_or(u32::MAX);
        let more = self.budget.kib.clone().acquire_many_owned(wanted);
        let Ok(Ok(more)) = tokio::time::timeout(TIMEOUT, more).await else {
            return false;
        };
        match &mut *self.lock() {
            Some(permit) => permit.merge(more),
            none => *none = Some(more),
        }
        if wanted > TRIM_KIB {
            let _ = tokio::task::spawn_blocking(trim).await;
        }
        true
    }

    /// Releases what was taken, before the answer.
    pub(crate) fn release(&self) {
        self.lock().take();
    }

    fn is_empty(&self) -> bool {
        let permit = self.lock();
        permit.as_ref().is_none_or(|held| held.num_permits() == 0)
    }

    fn lock(&self) -> MutexGuard<'_, Option<OwnedSemaphorePermit>> {
        self.permit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn trim() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "no safe function for this call")]
        // SAFETY: the call reads and writes no memory of ours.
        unsafe {
            nix::libc::malloc_trim(0);
        }
    }
}

/// Ends the work for a caller that has disconnected, unless it holds a share.
struct Disconnected {
    work: AbortHandle,
    share: Share,
}

impl Drop for Disconnected {
    fn drop(&mut self) {
        // Otherwise a waiting claim would take runs although its executor is gone.
        if self.share.is_empty() {
            self.work.abort();
        }
    }
}

/// Answers a request within the budget; a refusal says when to try again.
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
    let Ok(admitted) = budget.requests.clone().try_acquire_owned() else {
        return Refusal::new(RefusalKind::Unavailable, BUSY).into_response();
    };
    if length.is_some_and(|length| length <= SMALL_BYTES) {
        let response = next.run(request).await;
        drop(admitted);
        return response;
    }
    let share = budget.share();
    request.extensions_mut().insert(share.clone());
    // What a caller has sent stays in memory when the caller disconnects.
    let held = share.clone();
    let work = async move {
        let response = next.run(request).await;
        drop((held, admitted));
        response
    };
    let work = tokio::spawn(work.in_current_span());
    let _ends = Disconnected {
        work: work.abort_handle(),
        share,
    };
    work.await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request was not answered");
        Refusal::internal("internal error").into_response()
    })
}
