//! What several metrics of one plugin say together.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::rounded;

/// Total, mean, least and most of chosen number fields, over all metrics that have them.
#[derive(Debug, Clone, Copy)]
pub struct Numbers<'a>(pub &'a [&'a str]);

impl Numbers<'_> {
    /// `{"field": {"total": …, "mean": …, "min": …, "max": …}}`; a field that no metric has is left
    /// out.
    #[must_use]
    pub fn of(self, metrics: &[Value]) -> Map<String, Value> {
        let mut summary = Map::new();
        for field in self.0 {
            let values: Vec<&Value> = metrics
                .iter()
                .filter_map(|metric| metric.get(field).filter(|value| value.is_number()))
                .collect();
            if !values.is_empty() {
                summary.insert(String::from(*field), spread(&values));
            }
        }
        summary
    }
}

fn spread(values: &[&Value]) -> Value {
    let numbers: Vec<f64> = values.iter().filter_map(|value| value.as_f64()).collect();
    let total: f64 = numbers.iter().sum();
    let least = numbers.iter().copied().fold(f64::INFINITY, f64::min);
    let most = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    #[expect(clippy::cast_precision_loss, reason = "a count of metrics")]
    let mean = total / numbers.len() as f64;
    // Whole numbers stay whole: a total of 3 words is no 3.0.
    let shown = |number: f64| {
        let whole = values.iter().all(|value| !value.is_f64());
        #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
        if whole {
            json!(number as i64)
        } else {
            json!(rounded(number))
        }
    };
    json!({"total": shown(total), "mean": rounded(mean), "min": shown(least), "max": shown(most)})
}

/// How often each value of a text field occurs.
#[derive(Debug, Clone, Copy)]
pub struct Tally<'a>(pub &'a str);

impl Tally<'_> {
    /// `{"value": count}`; metrics without the field do not count.
    #[must_use]
    pub fn of(self, metrics: &[Value]) -> Value {
        let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
        for metric in metrics {
            if let Some(value) = metric.get(self.0).and_then(Value::as_str) {
                *counts.entry(value).or_default() += 1;
            }
        }
        json!(counts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spread() {
        let metrics = [
            json!({"words": 3, "ease": 60.25}),
            json!({"words": 5, "ease": null}),
            json!({"words": 4, "ease": 70.5, "name": "x"}),
        ];
        let summary = Numbers(&["words", "ease", "name", "gone"]).of(&metrics);
        assert_eq!(
            Value::Object(summary),
            json!({
                "words": {"total": 12, "mean": 4.0, "min": 3, "max": 5},
                "ease": {"total": 130.75, "mean": 65.38, "min": 60.25, "max": 70.5},
            })
        );
        assert!(Numbers(&["words"]).of(&[]).is_empty());
    }

    #[test]
    fn texts_are_tallied() {
        let metrics = [
            json!({"l": "eng"}),
            json!({"l": "deu"}),
            json!({"l": "eng"}),
            json!({}),
        ];
        assert_eq!(Tally("l").of(&metrics), json!({"deu": 1, "eng": 2}));
    }
}
