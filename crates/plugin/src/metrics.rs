//! What a plugin declares that it measures, and the check of what it measured.

use serde::Deserialize;
use serde_json::Value;

use crate::failure::Cause;

/// One declared field of a plugin's metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metric {
    /// The field's name.
    pub name: String,
    /// What its values are.
    pub kind: MetricKind,
    /// What it counts in, such as `ms`; empty for none.
    pub unit: String,
    /// Which way is better.
    pub direction: Direction,
    /// Whether each metric has it. An optional one may be missing or `null`.
    pub required: bool,
    /// What it means, for people; may be empty.
    pub description: String,
}

/// What the values of a metric's field are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// Any number.
    Number,
    /// A number without a fraction; `3.0` is one.
    Integer,
    /// A text.
    String,
    /// `true` or `false`.
    Boolean,
    /// A list of anything.
    Array,
    /// An object of anything.
    Object,
}

/// Which way a metric is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither.
    #[default]
    None,
}

impl MetricKind {
    /// The word that the manifest uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Integer => "integer",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Array => "array",
            Self::Object => "object",
        }
    }

    fn admits(self, value: &Value) -> bool {
        match self {
            Self::Number => value.is_number(),
            Self::Integer => {
                value.is_i64()
                    || value.is_u64()
                    || value.as_f64().is_some_and(|number| number.fract() == 0.0)
            }
            Self::String => value.is_string(),
            Self::Boolean => value.is_boolean(),
            Self::Array => value.is_array(),
            Self::Object => value.is_object(),
        }
    }
}

impl Direction {
    /// The word that the manifest uses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Higher => "higher",
            Self::Lower => "lower",
            Self::None => "none",
        }
    }
}

/// Compares what was measured with what is declared.
///
/// # Errors
/// [`Cause::Metric`] with the path of the first difference.
pub(crate) fn check(declared: &[Metric], measured: &Value) -> Result<(), Cause> {
    let Value::Object(fields) = measured else {
        return Err(wrong("", format!("{} is no object", kind_of(measured))));
    };
    for metric in declared {
        match fields.get(&metric.name) {
            None | Some(Value::Null) if metric.required => {
                return Err(wrong(&metric.name, String::from("is missing")));
            }
            None | Some(Value::Null) => {}
            Some(value) if metric.kind.admits(value) => {}
            Some(value) => {
                let (found, wanted) = (kind_of(value), metric.kind.name());
                let message = format!("{found} was measured, {wanted} is declared");
                return Err(wrong(&metric.name, message));
            }
        }
    }
    let known = |name: &String| declared.iter().any(|metric| metric.name == *name);
    match fields.keys().find(|name| !known(name)) {
        Some(name) => Err(wrong(name, String::from("is not declared"))),
        None => Ok(()),
    }
}

fn wrong(field: &str, message: String) -> Cause {
    let path = if field.is_empty() {
        String::new()
    } else {
        pointed(crate::logs::cut(field, 200))
    };
    Cause::Metric { path, message }
}

/// A field's name as a step of a JSON pointer.
pub(crate) fn pointed(field: &str) -> String {
    format!("/{}", field.replace('~', "~0").replace('/', "~1"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metric(name: &str, kind: MetricKind, required: bool) -> Metric {
        Metric {
            name: String::from(name),
            kind,
            unit: String::new(),
            direction: Direction::None,
            required,
            description: String::new(),
        }
    }

    #[test]
    fn a_difference_is_named_with_its_path() {
        let declared = [
            metric("count", MetricKind::Integer, true),
            metric("language", MetricKind::String, false),
        ];
        for good in [
            json!({"count": 1}),
            json!({"count": 2.0, "language": "en"}),
            json!({"count": -1, "language": null}),
            json!({"count": u64::MAX}),
        ] {
            assert_eq!(check(&declared, &good), Ok(()), "{good}");
        }
        for (bad, path) in [
            (json!([1]), ""),
            (json!({}), "/count"),
            (json!({"count": null}), "/count"),
            (json!({"count": 1.5}), "/count"),
            (json!({"count": "1"}), "/count"),
            (json!({"count": 1, "language": 3}), "/language"),
            (json!({"count": 1, "a/b": 3}), "/a~1b"),
        ] {
            let found = check(&declared, &bad);
            let Err(Cause::Metric { path: found, .. }) = found else {
                panic!("{bad}: {found:?}");
            };
            assert_eq!(found, path, "{bad}");
        }
    }
}
