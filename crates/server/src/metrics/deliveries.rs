//! Deliveries to hooks as Prometheus sees them.

use std::{sync::atomic::AtomicI64, time::Duration};

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};
use store::hooks::Outcome;

/// What is noted of deliveries.
pub(super) struct Deliveries {
    attempts: Family<Became, Counter>,
    seconds: Histogram,
    tries: Histogram,
    pub(super) pending: Gauge<i64, AtomicI64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Became {
    outcome: &'static str,
}

impl Deliveries {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let deliveries = Self {
            attempts: Family::default(),
            // 1 ms to 16 s: an attempt ends after 15.
            seconds: Histogram::new(exponential_buckets(0.001, 2.0, 15)),
            tries: Histogram::new(exponential_buckets(1.0, 2.0, 7)),
            pending: Gauge::default(),
        };
        registry.register(
            "hook_attempts",
            "Attempts to deliver, by what became of the delivery",
            deliveries.attempts.clone(),
        );
        registry.register_with_unit(
            "hook_attempt",
            "Time of an attempt to deliver, until its answer was read or it was given up",
            Unit::Seconds,
            deliveries.seconds.clone(),
        );
        registry.register(
            "hook_delivery_attempts",
            "Attempts that a delivery took until it was delivered or had failed for good",
            deliveries.tries.clone(),
        );
        registry.register(
            "hook_deliveries_pending",
            "Deliveries that are under way or wait",
            deliveries.pending.clone(),
        );
        deliveries
    }

    /// Notes the end of an attempt, the delivery's `attempt`th.
    pub(super) fn attempted(&self, outcome: Outcome, attempt: i64, took: Duration) {
        let word = match outcome {
            Outcome::Delivered => "delivered",
            Outcome::Again { .. } => "again",
            Outcome::Failed => "failed",
            Outcome::Gone => "gone",
        };
        self.attempts.get_or_create(&Became { outcome: word }).inc();
        self.seconds.observe(took.as_secs_f64());
        if !matches!(outcome, Outcome::Again { .. }) {
            // Nothing is sent more often than that within its time.
            let attempt = u32::try_from(attempt).unwrap_or(u32::MAX);
            self.tries.observe(f64::from(attempt));
        }
    }
}
