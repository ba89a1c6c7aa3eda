//! How long a playground lives. All times are epoch milliseconds.

use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;

/// How many hours an extension adds when the caller does not say.
pub const DEFAULT_EXTENSION_HOURS: u32 = 8;

/// How long playgrounds live when their creator does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LifetimeDefaults {
    /// Of a playground, in milliseconds.
    pub standard_ms: i64,
    /// Of a playground in job mode, in milliseconds.
    pub job_ms: i64,
    /// How long before its end a playground's expiry is announced, in milliseconds.
    pub warning_ms: i64,
}

impl Default for LifetimeDefaults {
    fn default() -> Self {
        Self {
            standard_ms: 8 * HOUR_MS,
            job_ms: HOUR_MS,
            warning_ms: HOUR_MS / 4,
        }
    }
}

/// What the creator of a playground says about its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RequestedExpiry {
    /// Nothing: the default.
    #[default]
    Default,
    /// `never_expire: true`.
    Never,
    /// `expires_at`.
    At(i64),
}

impl LifetimeDefaults {
    /// When a playground made now expires; `None` is never.
    #[must_use]
    pub fn expires_at(&self, requested: RequestedExpiry, job_mode: bool, now: i64) -> Option<i64> {
        let ttl = if job_mode {
            self.job_ms
        } else {
            self.standard_ms
        };
        match requested {
            RequestedExpiry::Default => Some(now.saturating_add(ttl)),
            RequestedExpiry::Never => None,
            RequestedExpiry::At(at) => Some(at),
        }
    }

    /// When the expiry is announced. A life shorter than two warning times is announced at its half.
    #[must_use]
    pub fn warning_at(&self, lifetime: Lifetime) -> Option<i64> {
        let expires_at = lifetime.expires_at?;
        let whole = expires_at.saturating_sub(lifetime.started_at).max(0);
        Some(expires_at.saturating_sub(self.warning_ms.min(whole / 2)))
    }
}

/// The life of one playground.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// When it was made.
    pub started_at: i64,
    /// When it expires; `None` is never.
    pub expires_at: Option<i64>,
}

impl Lifetime {
    /// The new end after an extension: counted from its end, or from now when that has passed. A playground that
    /// never expires keeps doing so.
    #[must_use]
    pub fn extended(self, hours: u32, now: i64) -> Option<i64> {
        let from = self.expires_at?.max(now);
        Some(from.saturating_add(i64::from(hours).saturating_mul(HOUR_MS)))
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(self, now: i64) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }

    /// Seconds until it expires, never below zero; `None` when it never expires.
    #[must_use]
    pub fn time_remaining(self, now: i64) -> Option<f64> {
        let milliseconds = self.expires_at?.saturating_sub(now).max(0);
        Some(std::time::Duration::from_millis(milliseconds.unsigned_abs()).as_secs_f64())
    }

    /// How much of its life has passed, 0 to 100, rounded down; `None` when it never expires.
    #[must_use]
    pub fn expiration_percentage(self, now: i64) -> Option<u8> {
        let expires_at = self.expires_at?;
        let whole = i128::from(expires_at) - i128::from(self.started_at);
        let passed = i128::from(now) - i128::from(self.started_at);
        if whole <= 0 {
            return Some(100);
        }
        u8::try_from((passed * 100 / whole).clamp(0, 100)).ok()
    }
}
