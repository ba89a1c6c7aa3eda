//! What every handler and loop shares.

use std::{
    ops::Deref,
    sync::{Arc, LazyLock},
};

use store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Settings,
    access::{FailedAuthLimiter, Keys, OperatorToken},
    audit::Refusals,
    blobs::Blobs,
    clock::{Clock, millis},
    disk::Disk,
    executions::Headers,
    http::budget::Budget,
    http::hosts::Hosts,
    library::Library,
    live::{Frames, Rendered, Tail},
    lock::DataDirLock,
    metrics::Metrics,
    outbound::{self, SsrfFilter},
    plugin_directory::Remembered,
    readiness::Readiness,
    runs::claim::NothingPlaced,
    vault::Vault,
};

/// The running server's parts. A clone is one count: each request makes several, on every core.
#[derive(Clone)]
pub(crate) struct App(Arc<Parts>);

/// See [`App`].
pub(crate) struct Parts {
    pub(crate) store: Store,
    pub(crate) clock: Clock,
    pub(crate) settings: Settings,
    /// Where clients reach this server, without a slash at the end.
    pub(crate) public_url: String,
    /// Who may be named in a Host or an Origin header, and whose pages may ask.
    pub(crate) hosts: Hosts,
    pub(crate) blobs: Blobs,
    /// What is free of the disk of the data directory.
    pub(crate) disk: Disk,
    pub(crate) library: Library,
    pub(crate) vault: Vault,
    /// When the server started, epoch milliseconds.
    pub(crate) started_at_ms: i64,
    pub(crate) metrics: Metrics,
    /// The memory that requests may take.
    pub(crate) budget: Budget,
    /// The end of the event log, for live streams.
    pub(crate) tail: Tail,
    /// Messages about executions.
    pub(crate) updates: Rendered,
    /// What never changes of executions.
    pub(crate) executions: Headers,
    /// Pictures of what runs.
    pub(crate) frames: Frames,
    /// Which addresses the server may call.
    pub(crate) ssrf_filter: SsrfFilter,
    /// How it calls them.
    pub(crate) outbound: outbound::Client,
    pub(crate) keys: Keys,
    /// What the operator shows while there are none.
    pub(crate) operator: OperatorToken,
    /// The OpenAPI document of all routes.
    pub(crate) openapi: LazyLock<String>,
    /// Which plugins there are.
    pub(crate) plugins: Remembered,
    /// Whether runs wait that only some executors can take.
    pub(crate) nothing_placed: NothingPlaced,
    /// What was refused and is not written down yet.
    pub(crate) refusals: Refusals,
    /// Whether the executor that the server waits for is there.
    pub(crate) readiness: Readiness,
    /// Who showed wrong secrets.
    pub(crate) failed_auth: FailedAuthLimiter,
    /// Wakes the outbox: something is to be sent that no event tells of.
    pub(crate) outbox: Notify,
    /// Wakes the loop of schedules: one was made or changed.
    pub(crate) schedules: Notify,
    /// Cancelled when the server is about to stop: calls that wait answer now.
    pub(crate) stopping: CancellationToken,
    /// Cancelled: it is about to stop, and still answers.
    pub(crate) draining: CancellationToken,
    /// Goes after the store, with the last clone: a call that was cut off may still write.
    pub(crate) _lock: DataDirLock,
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    pub(crate) fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn lease_ms(&self) -> i64 {
        millis(self.settings.lease)
    }

    /// When an executor must have been heard of to count as active: within two leases.
    pub(crate) fn active_since(&self) -> i64 {
        const LEASES: i64 = 2;
        self.now_ms() - LEASES * self.lease_ms()
    }

    pub(crate) fn aging_step_ms(&self) -> i64 {
        millis(self.settings.class_bound)
    }
}
