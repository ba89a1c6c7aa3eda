//! How long a plugin waits for its next try.

use std::time::Duration;

/// The wait before the first retry of a plugin; it doubles with each further one.
const BACKOFF_FIRST: Duration = Duration::from_millis(200);
const BACKOFF_LAST: Duration = Duration::from_secs(20);

/// How long to wait after so many failed tries: somewhere in the upper half of a time that doubles.
pub(super) fn backoff(failed_tries: u32) -> Duration {
    let doublings = failed_tries.saturating_sub(1).min(16);
    let most = (BACKOFF_FIRST * (1 << doublings)).min(BACKOFF_LAST);
    most.mul_f64(rand::random_range(0.5..1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_before_a_retry_doubles_up_to_its_end() {
        let whole =
            |failed_tries: u32| Duration::from_millis(100 << failed_tries).min(BACKOFF_LAST);
        for failed_tries in 1..=20 {
            let whole = whole(failed_tries);
            for _ in 0..50 {
                let wait = backoff(failed_tries);
                assert!(
                    wait >= whole / 2 && wait <= whole,
                    "{failed_tries}: {wait:?}"
                );
            }
        }
        assert!(backoff(0) <= BACKOFF_FIRST && backoff(u32::MAX) <= BACKOFF_LAST);
    }
}
