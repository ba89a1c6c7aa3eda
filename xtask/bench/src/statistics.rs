//! The few numbers that are said about many.

use std::time::Instant;

/// Smallest, middle and largest of several runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) min: f64,
    pub(crate) median: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        Some(Self {
            min,
            median: percentile(&sorted, 50.0)?,
            max,
        })
    }
}

/// Milliseconds; negative when `later` was before.
pub(crate) fn ms_between(earlier: Instant, later: Instant) -> f64 {
    let behind = earlier.saturating_duration_since(later).as_secs_f64();
    (later.saturating_duration_since(earlier).as_secs_f64() - behind) * 1000.0
}

/// The values in rising order.
pub(crate) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

/// The value below or at which `percent` of the sorted values lie (nearest sort key; the middle of an
/// even number is the mean of both).
pub(crate) fn percentile(sorted: &[f64], percent: f64) -> Option<f64> {
    let position = percent / 100.0 * sorted.len() as f64;
    let sort_key = (position.ceil() as usize).max(1);
    let at_rank = *sorted.get(sort_key - 1)?;
    if percent == 50.0 && sorted.len().is_multiple_of(2) {
        return Some(f64::midpoint(at_rank, *sorted.get(sort_key)?));
    }
    Some(at_rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_min_median_max() {
        let spread = Spread::of(&[3.0, 1.0, 2.0]).unwrap();
        assert_eq!(
            spread,
            Spread {
                min: 1.0,
                median: 2.0,
                max: 3.0
            }
        );
        assert_eq!(Spread::of(&[4.0, 1.0]).unwrap().median, 2.5);
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&values, 99.0), Some(99.0));
        assert_eq!(percentile(&values, 100.0), Some(100.0));
        assert_eq!(percentile(&values, 50.0), Some(50.5));
        assert_eq!(percentile(&values[..1], 99.0), Some(1.0));
        assert_eq!(percentile(&[], 50.0), None);
    }
}
