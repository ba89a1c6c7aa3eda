//! The number of live streams, and of those that were cut off because they did not keep up.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64},
};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use tokio::sync::watch;

/// The form of a live stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct Form {
    form: &'static str,
}

impl Form {
    /// `GET /api/events`.
    pub(crate) const EVENTS: Self = Self { form: "events" };
    /// The followed output of a run.
    pub(crate) const LOG: Self = Self { form: "log" };
    /// The followed events of a plugin job.
    pub(crate) const PLUGIN_JOB: Self = Self { form: "plugin_job" };
    /// `/ws/events`.
    pub(crate) const EVENT_SOCKET: Self = Self {
        form: "event_socket",
    };
    /// `/ws/executions`.
    pub(crate) const EXECUTION_SOCKET: Self = Self {
        form: "execution_socket",
    };
    /// `/ws/runs/{id}/frames`.
    pub(crate) const FRAME_SOCKET: Self = Self {
        form: "frame_socket",
    };
}

/// The live streams. Clones count together.
#[derive(Clone, Default)]
pub(crate) struct Readers {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    present: watch::Sender<usize>,
    live: Family<Form, Gauge<i64, AtomicI64>>,
    cut_off: Family<Form, Counter<u64, AtomicU64>>,
}

impl Readers {
    /// Makes the counts known to Prometheus.
    pub(crate) fn register(&self, registry: &mut Registry) {
        let Shared { live, cut_off, .. } = &*self.shared;
        registry.register(
            "live_readers",
            "Readers that are connected now",
            live.clone(),
        );
        registry.register(
            "readers_cut_off",
            "Readers that did not keep up",
            cut_off.clone(),
        );
    }

    /// Counts a reader in, until what is returned is dropped.
    pub(crate) fn enter(&self, form: Form) -> Present {
        self.shared.live.get_or_create(&form).inc();
        self.shared.present.send_modify(|present| *present += 1);
        Present {
            readers: self.clone(),
            form,
        }
    }

    /// Returns when there are none any more.
    pub(crate) async fn gone(&self) {
        let mut present = self.shared.present.subscribe();
        // The sender lives as long as `self`.
        let _ = present.wait_for(|present| *present == 0).await;
    }
}

/// A reader that is connected.
pub(crate) struct Present {
    readers: Readers,
    form: Form,
}

impl Present {
    /// Counts it among those that were cut off.
    pub(crate) fn cut_off(&self) {
        self.readers.shared.cut_off.get_or_create(&self.form).inc();
        tracing::info!(
            form = self.form.form,
            "a reader that did not keep up is cut off"
        );
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        let shared = &self.readers.shared;
        shared.live.get_or_create(&self.form).dec();
        shared.present.send_modify(|present| *present -= 1);
    }
}
