//! What Prometheus is told: how many runs are where, how long they wait, what the loops did, and
//! what the store and the HTTP side note themselves.

mod deliveries;
mod http;

use std::{
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use engine::{Run, State};
pub(crate) use http::measure;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};
use store::{Store, hooks::Outcome};

use self::{deliveries::Deliveries, http::Requests};
use crate::{http::connections::Connections, live::Readers};

/// The metrics of one server. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Metrics {
    parts: Arc<Parts>,
}

struct Parts {
    registry: Registry,
    runs: Family<RunLabels, Gauge<i64, AtomicI64>>,
    executors: Gauge<i64, AtomicI64>,
    waits: Waits,
    lost: Counter,
    deleted: Counter,
    deliveries: Deliveries,
    requests: Requests,
    readers: Readers,
    connections: Connections,
}

type Waits = Family<WaitLabels, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RunLabels {
    kind: &'static str,
    status: &'static str,
    priority: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct WaitLabels {
    kind: &'static str,
    priority: &'static str,
}

impl Metrics {
    pub(crate) fn new(store: &Store) -> Self {
        let mut registry = Registry::with_prefix("playhouse");
        store.register(&mut registry);
        let readers = Readers::default();
        readers.register(&mut registry);
        let connections = Connections::default();
        connections.register(&mut registry);
        let parts = Parts {
            runs: gauge_of_runs(&mut registry),
            executors: registered(
                &mut registry,
                "executors_active",
                "Executors heard of lately",
            ),
            waits: waits(&mut registry),
            lost: registered(&mut registry, "leases_lost", "Leases that expired"),
            deleted: registered(&mut registry, "runs_deleted", "Runs that retention deleted"),
            deliveries: Deliveries::new(&mut registry),
            requests: Requests::new(&mut registry),
            readers,
            connections,
            registry,
        };
        Self {
            parts: Arc::new(parts),
        }
    }

    /// Who looks on live.
    pub(crate) fn readers(&self) -> &Readers {
        &self.parts.readers
    }

    /// Who is connected.
    pub(crate) fn connections(&self) -> &Connections {
        &self.parts.connections
    }

    /// What is noted of requests.
    pub(crate) fn requests(&self) -> Requests {
        self.parts.requests.clone()
    }

    /// Counts leases that the reaper took away.
    pub(crate) fn leases_lost(&self, count: u64) {
        self.parts.lost.inc_by(count);
    }

    /// Notes the end of an attempt to deliver, the delivery's `attempt`th.
    pub(crate) fn attempted(&self, outcome: Outcome, attempt: i64, took: Duration) {
        self.parts.deliveries.attempted(outcome, attempt, took);
    }

    /// Counts runs that retention deleted.
    pub(crate) fn runs_deleted(&self, count: u64) {
        self.parts.deleted.inc_by(count);
    }

    /// Notes how long a run that was just claimed has waited.
    pub(crate) fn claimed(&self, run: &Run, aging_step_ms: i64) {
        let ready_at = engine::ready_at(run.sort_key, run.priority, aging_step_ms);
        let State::Running(lease) = &run.state else {
            return;
        };
        let labels = WaitLabels {
            kind: run.kind.as_str(),
            priority: run.priority.as_str(),
        };
        let histogram = self.parts.waits.get_or_create(&labels);
        store::note_ms(&histogram, lease.started_at - ready_at);
    }

    /// The text format, with gauges as the database has them now.
    pub(crate) async fn text(
        &self,
        store: &Store,
        active_since: i64,
    ) -> Result<String, store::Error> {
        let (counts, executors, pending) = store
            .read(move |read| {
                Ok((
                    store::runs::counts(read)?,
                    store::executors::count(read, active_since)?,
                    store::hooks::pending(read)?,
                ))
            })
            .await?;
        for (kind, status, priority, n) in counts {
            let labels = RunLabels {
                kind: kind.as_str(),
                status: status.as_str(),
                priority: priority.as_str(),
            };
            self.parts.runs.get_or_create(&labels).set(n);
        }
        self.parts.executors.set(executors);
        self.parts.deliveries.pending.set(pending);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &self.parts.registry);
        Ok(text)
    }
}

fn gauge_of_runs(registry: &mut Registry) -> Family<RunLabels, Gauge<i64, AtomicI64>> {
    registered(registry, "runs", "Runs by kind, status and class")
}

fn registered<M>(registry: &mut Registry, name: &str, help: &str) -> M
where
    M: prometheus_client::registry::Metric + Clone + Default,
{
    let metric = M::default();
    registry.register(name, help, metric.clone());
    metric
}

fn waits(registry: &mut Registry) -> Waits {
    let waits: Waits = Family::new_with_constructor(store::run_times);
    registry.register_with_unit(
        "run_wait",
        "From when a run could start until it was claimed",
        Unit::Seconds,
        waits.clone(),
    );
    waits
}
