//! Numbers that the rules use: order in the queue, delays between attempts.

use serde::{Deserialize, Serialize};

use crate::Priority;

/// The default maximum of lost and failed attempts together.
pub const DEFAULT_MAX_ATTEMPTS: i64 = 3;

/// An attempt whose executor does not stop it at its time limit loses its lease this many lease
/// lengths later.
pub const OVERTIME_LEASES: i64 = 2;

/// A run's place in the queue: the time from which it could start, plus one `aging_step_ms` for each
/// priority below the highest. So runs of the next higher priority overtake it only if they become ready
/// within `aging_step_ms` after it.
#[must_use]
pub fn sort_key(ready_at: i64, priority: Priority, aging_step_ms: i64) -> i64 {
    let steps = match priority {
        Priority::Foreground => 0,
        Priority::Background => 1,
        Priority::BestEffort => 2,
    };
    ready_at.saturating_add(aging_step_ms.saturating_mul(steps))
}

/// The time from which a run with this sort key could start.
#[must_use]
pub fn ready_at(sort_key: i64, priority: Priority, aging_step_ms: i64) -> i64 {
    sort_key.saturating_sub(self::sort_key(0, priority, aging_step_ms))
}

/// Exponential delays between attempts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Backoff {
    /// The first delay, in milliseconds.
    pub initial_ms: i64,
    /// The factor from one delay to the next.
    pub factor: f64,
    /// The longest delay, in milliseconds.
    pub max_ms: i64,
    /// The largest share of a delay, from 0 to 1, that is taken off at random.
    pub jitter: f64,
}

impl Default for Backoff {
    /// One second, doubled up to five minutes, of which up to a fifth is taken off.
    fn default() -> Self {
        Self {
            initial_ms: 1_000,
            factor: 2.0,
            max_ms: 300_000,
            jitter: 0.2,
        }
    }
}

impl Backoff {
    /// The delay after this many failures. `jitter` is a random number from 0 to 1.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "clamped"
    )]
    pub fn wait_ms(&self, failure_count: i64, jitter: f64) -> i64 {
        let exponent = failure_count.clamp(1, 1000) as f64 - 1.0;
        let full = (self.initial_ms as f64 * self.factor.powf(exponent)).min(self.max_ms as f64);
        // Not a number becomes no delay.
        let kept = 1.0 - self.jitter.clamp(0.0, 1.0) * jitter.clamp(0.0, 1.0);
        ((full.max(0.0) * kept) as i64).min(self.max_ms.max(0))
    }
}
