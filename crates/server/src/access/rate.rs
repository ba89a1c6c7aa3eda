//! How often a key may ask: a bucket that holds a minute's requests and fills evenly. Each server counts
//! for itself, by its own clock.

use std::sync::Mutex;

use axum::http::{HeaderMap, HeaderName, HeaderValue, header};

use super::{cache::lock, key::Key, role::Role};

const MINUTE_MS: i64 = 60_000;
/// The `RateLimit` fields of draft-ietf-httpapi-ratelimit-headers-10.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// What may still be asked, in parts of a request: one of `per_minute` parts comes each millisecond, and a
/// request takes as many as there are milliseconds in a minute.
#[derive(Debug, Default)]
pub(super) struct Bucket {
    /// What was there, and when, epoch milliseconds; before the first request it is full.
    last: Option<(i64, i64)>,
}

impl Bucket {
    /// Takes one request out. When there is none, answers how long to wait for it, in milliseconds.
    pub(super) fn take(&mut self, per_minute: i64, now: i64) -> Result<(), i64> {
        let taken = self.has_one(per_minute, now);
        let parts = self.parts(per_minute, now);
        let rest = parts - if taken.is_ok() { MINUTE_MS } else { 0 };
        self.last = Some((rest, now));
        taken
    }

    /// Puts one request back that was taken.
    pub(super) fn release(&mut self, per_minute: i64, now: i64) {
        let most = per_minute * MINUTE_MS;
        let parts = most.min(self.parts(per_minute, now) + MINUTE_MS);
        self.last = Some((parts, now));
    }

    /// The same as taking one, and takes nothing.
    fn has_one(&self, per_minute: i64, now: i64) -> Result<(), i64> {
        match self.parts(per_minute, now) - MINUTE_MS {
            0.. => Ok(()),
            missing => Err(ceil(-missing, per_minute)),
        }
    }

    pub(super) fn is_full(&self, per_minute: i64, now: i64) -> bool {
        self.parts(per_minute, now) == per_minute * MINUTE_MS
    }

    fn parts(&self, per_minute: i64, now: i64) -> i64 {
        let most = per_minute * MINUTE_MS;
        let Some((parts, at)) = self.last else {
            return most;
        };
        // A clock that was set back gives nothing and takes nothing.
        let passed = now.saturating_sub(at).clamp(0, MINUTE_MS);
        most.min(parts + passed * per_minute)
    }
}

fn ceil(parts: i64, per: i64) -> i64 {
    (parts + per - 1) / per
}

/// The rate of one key.
#[derive(Clone, Copy)]
pub(super) struct Rate<'key> {
    bucket: &'key Mutex<Bucket>,
    per_minute: i64,
}

impl<'key> Rate<'key> {
    /// The key's own rate, or the server's; `None` when it has none. An executor asks as often as its
    /// work needs, unless its key says otherwise; a key that may do anything else is no executor's.
    pub(super) fn of(key: &'key Key, default: Option<i64>) -> Option<Self> {
        let default = default.filter(|_| key.scopes != Role::Executor.scopes());
        key.requests_per_minute.or(default).map(|per_minute| Self {
            bucket: &key.bucket,
            per_minute,
        })
    }

    /// Counts a request, or answers how long to wait, in milliseconds.
    pub(super) fn take(self, now: i64) -> Result<(), i64> {
        lock(self.bucket).take(self.per_minute, now)
    }

    /// Says how the key stands: `r` requests now, all of them in `t` seconds.
    pub(super) fn write(self, headers: &mut HeaderMap, now: i64) {
        let parts = lock(self.bucket).parts(self.per_minute, now);
        let (rest, missing) = (parts / MINUTE_MS, self.per_minute * MINUTE_MS - parts);
        let full_in = ceil(missing, self.per_minute * 1_000);
        let per_minute = self.per_minute;
        // Digits and these signs can stand in a header.
        let field = |text: String| HeaderValue::from_str(&text).ok();
        headers.extend(field(format!("\"key\";r={rest};t={full_in}")).map(|value| (LIMIT, value)));
        headers.extend(field(format!("\"key\";q={per_minute};w=60")).map(|value| (POLICY, value)));
    }
}

/// When to come again.
pub(crate) fn retry_after(headers: &mut HeaderMap, wait_ms: i64) {
    headers.insert(header::RETRY_AFTER, ceil(wait_ms.max(1), 1_000).into());
}

#[cfg(test)]
mod tests {
    use super::Bucket;

    #[test]
    fn a_bucket_empties_and_fills_evenly() {
        let mut bucket = Bucket::default();
        assert!(bucket.is_full(60, 0));
        for _ in 0..60 {
            assert_eq!(bucket.take(60, 5), Ok(()));
        }
        assert_eq!(bucket.take(60, 5), Err(1_000));
        assert_eq!(bucket.take(60, 1_004), Err(1), "a refusal takes nothing");
        assert_eq!(bucket.has_one(60, 1_005), Ok(()));
        assert_eq!(bucket.take(60, 1_005), Ok(()));
        assert_eq!(bucket.take(60, 1_005), Err(1_000));
        // After a long time it holds a minute's, not more.
        assert!(bucket.is_full(60, i64::MAX));
        for _ in 0..60 {
            assert_eq!(bucket.take(60, 10_000_000), Ok(()));
        }
        assert!(bucket.take(60, 10_000_000).is_err());
    }

    #[test]
    fn a_clock_that_was_set_back_neither_gives_nor_locks_out() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(2, 10_000_000), Ok(()));
        assert_eq!(bucket.take(2, 0), Ok(()));
        assert_eq!(bucket.take(2, 0), Err(30_000));
        assert_eq!(bucket.take(2, 30_000), Ok(()));
    }

    #[test]
    fn the_largest_rate_does_not_overflow() {
        let mut bucket = Bucket::default();
        assert_eq!(bucket.take(100_000_000, i64::MIN), Ok(()));
        assert_eq!(bucket.take(100_000_000, i64::MAX), Ok(()));
    }
}
