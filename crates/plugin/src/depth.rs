//! How deep a value may be nested that a plugin leaves. The job's note, what the server tells of it and the
//! next plugin's call put it some levels deeper, and readers of JSON stop at 128 levels.

use serde_json::Value;

use crate::{answered::Answered, failure::Cause, logs::cut, metrics::pointed};

/// The most levels of lists and objects.
const MOST_LEVELS: usize = 100;

/// How much of a path is told, in bytes.
const PATH_BYTES: usize = 200;

/// Refuses an answer of which a part is nested too deep.
///
/// # Errors
/// [`Cause::Depth`] with the first place that is too deep.
pub(crate) fn check(answered: &Answered) -> Result<(), Cause> {
    let parts = [
        ("metric", &answered.metric),
        ("output", &answered.output),
        ("summary", &answered.summary),
    ];
    for (what, value) in parts {
        value
            .iter()
            .try_for_each(|value| part(what, &value.value()))?;
    }
    for (key, value) in &answered.changes {
        let what = || format!("entry `{}` of the store", cut(key, PATH_BYTES));
        value
            .iter()
            .try_for_each(|value| part(what(), &value.value()))?;
    }
    Ok(())
}

fn part(what: impl Into<String>, value: &Value) -> Result<(), Cause> {
    let refused = |path| Cause::Depth {
        what: what.into(),
        path,
        limit: MOST_LEVELS,
    };
    place(value).map_or(Ok(()), |path| Err(refused(path)))
}

/// Refuses a schema that is nested too deep: a registration has it.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn of_schema(schema: &Value) -> Result<(), String> {
    let refused = |path| format!("it is nested deeper than {MOST_LEVELS} levels at {path}");
    place(schema).map_or(Ok(()), |path| Err(refused(path)))
}

/// The first place that is too deep, for people.
fn place(value: &Value) -> Option<String> {
    let path = too_deep(value, MOST_LEVELS)?;
    let kept = cut(&path, PATH_BYTES);
    Some(match kept.len() < path.len() {
        true => format!("{kept}[...]"),
        false => path,
    })
}

/// Where a value has more levels than these, if it does. What was read as JSON is not so deep that this
/// recursion could be a danger.
fn too_deep(value: &Value, levels: usize) -> Option<String> {
    let below = |step: &dyn Fn() -> String, child: &Value| match levels {
        0 => None,
        _ => too_deep(child, levels - 1).map(|rest| step() + &rest),
    };
    match value {
        Value::Array(_) | Value::Object(_) if levels == 0 => Some(String::new()),
        Value::Array(items) => {
            let mut items = items.iter().enumerate();
            items.find_map(|(place, item)| below(&|| format!("/{place}"), item))
        }
        Value::Object(fields) => {
            let mut fields = fields.iter();
            fields.find_map(|(name, field)| below(&|| pointed(name), field))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn nested(levels: usize) -> Value {
        (0..levels).fold(json!(1), |inner, _| json!([inner]))
    }

    #[test]
    fn levels_are_counted_to_the_deepest_place() {
        assert_eq!(too_deep(&json!(1), 0), None);
        assert_eq!(too_deep(&nested(3), 3), None);
        assert_eq!(too_deep(&nested(4), 3).as_deref(), Some("/0/0/0"));
        let value = json!({"flat": [1, 2], "a/b": [[], {"x": [1]}]});
        assert_eq!(too_deep(&value, 4), None);
        assert_eq!(too_deep(&value, 3).as_deref(), Some("/a~1b/1/x"));
    }

    #[test]
    fn the_message_says_what_and_where_and_is_short() {
        let cause = part("output", &nested(MOST_LEVELS + 1)).expect_err("too deep");
        let message = cause.to_string();
        assert!(
            message.starts_with("the output is nested deeper than 100 levels at /0/0/0"),
            "{message}"
        );
        assert_eq!(part("output", &nested(MOST_LEVELS)), Ok(()));
        let long = (0..=MOST_LEVELS).fold(json!(1), |inner, _| json!({"x".repeat(1_000): inner}));
        let message = part("output", &long).expect_err("too deep").to_string();
        assert!(message.len() < 300, "{message}");
    }
}
