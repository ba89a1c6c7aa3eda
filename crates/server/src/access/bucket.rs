//! A bucket of requests, which holds a minute's and fills evenly.

use std::sync::{Mutex, PoisonError};

pub(super) const MINUTE_MS: i64 = 60_000;

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

    pub(super) fn parts(&self, per_minute: i64, now: i64) -> i64 {
        let most = per_minute * MINUTE_MS;
        let Some((parts, at)) = self.last else {
            return most;
        };
        // A clock that was set back gives nothing and takes nothing.
        let passed = now.saturating_sub(at).clamp(0, MINUTE_MS);
        most.min(parts + passed * per_minute)
    }
}

pub(super) fn ceil(parts: i64, per: i64) -> i64 {
    (parts + per - 1) / per
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is guarded is whole after every statement.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
