//! Simulated time. It stands still until it is set.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use engine::RunId;
use server::Source;

use super::chance::Chance;
use crate::test_server::{NOON_MS, counted_id};

/// Time, ids and draws of one simulation, also across restarts of its server.
#[derive(Clone)]
pub(super) struct SimulatedClock {
    now_ms: Arc<AtomicI64>,
    ids: Arc<AtomicU64>,
    draws: Arc<AtomicU64>,
}

impl SimulatedClock {
    pub(super) fn new() -> Self {
        Self {
            now_ms: Arc::new(AtomicI64::new(NOON_MS)),
            ids: Arc::default(),
            draws: Arc::default(),
        }
    }

    pub(super) fn now(&self) -> i64 {
        self.now_ms.load(Ordering::SeqCst)
    }

    pub(super) fn set(&self, now_ms: i64) {
        let before = self.now_ms.swap(now_ms, Ordering::SeqCst);
        assert!(before <= now_ms, "time does not go back");
    }
}

impl Source for SimulatedClock {
    fn now_ms(&self) -> i64 {
        self.now()
    }

    fn run_id(&self) -> RunId {
        counted_id(self.now(), self.ids.fetch_add(1, Ordering::SeqCst) + 1)
    }

    #[expect(clippy::cast_precision_loss, reason = "a draw need not be exact")]
    fn jitter(&self) -> f64 {
        let jitter = Chance::new(self.draws.fetch_add(1, Ordering::SeqCst)).next();
        (jitter >> 11) as f64 / (1_u64 << 53) as f64
    }
}
