//! Bounds what steps leave: it is kept with the execution, and goes on to later steps.

use serde_json::{Map, Value, json};

use super::call::Left;

/// What a step may leave, as JSON, in bytes.
const OUTPUT_BYTES: usize = 1 << 20;
/// What the variables that it sets may take of that.
const SET_BYTES: usize = 1 << 19;
/// What is left of a text at least.
const KEPT_BYTES: usize = 4 << 10;

/// What a step leaves, with the middle of what is too long cut out. Its output says so in `truncated`.
pub(super) fn bounded(mut left: Left) -> Left {
    let set = bound_fields(&mut left.set, SET_BYTES);
    let limit = OUTPUT_BYTES - size(&left.set).min(SET_BYTES);
    let output = match &mut left.output {
        Some(Value::Object(fields)) => bound_fields(fields, limit),
        Some(other) if size(other) > limit => {
            *other = shortened(other, limit);
            true
        }
        _ => false,
    };
    if set || output {
        match left.output.get_or_insert_with(|| json!({})) {
            Value::Object(fields) => drop(fields.insert("truncated".to_owned(), true.into())),
            other => *other = json!({"value": other.take(), "truncated": true}),
        }
    }
    left
}

/// Shortens the longest fields until all together are no longer than the limit: text first, because JSON of which
/// something is cut out cannot be read as such. Answers whether it had to.
fn bound_fields(fields: &mut Map<String, Value>, limit: usize) -> bool {
    if size(fields) <= limit {
        return false;
    }
    share(fields, limit, Value::is_string);
    if size(fields) > limit {
        share(fields, limit, |_| true);
    }
    if size(fields) > limit {
        // Very many fields.
        let all = shortened(&Value::Object(std::mem::take(fields)), limit);
        fields.insert("value".to_owned(), all);
    }
    true
}

/// Gives each of the chosen fields as much as it needs, and the longest ones an equal share of what is left.
fn share(fields: &mut Map<String, Value>, limit: usize, chosen: fn(&Value) -> bool) {
    let sizes = fields.values().filter(|value| chosen(value)).map(size);
    let mut sizes: Vec<usize> = sizes.collect();
    let others = size(fields).saturating_sub(sizes.iter().sum());
    let mut left = limit.saturating_sub(others);
    sizes.sort_unstable();
    let mut share = 0;
    for (index, size) in sizes.iter().enumerate() {
        share = left / (sizes.len() - index);
        if *size > share {
            break;
        }
        left -= size;
    }
    let share = share.max(KEPT_BYTES);
    for value in fields.values_mut().filter(|value| chosen(value)) {
        if size(value) > share {
            *value = shortened(value, share);
        }
    }
}

/// Beginning and end of a text, or of the text of something else, with a note of how much is missing between.
fn shortened(value: &Value, limit: usize) -> Value {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    // Characters may take more room in JSON than in the text.
    let mut kept = limit.min(text.len());
    loop {
        let half = kept / 2;
        let (head, tail) = (
            text.floor_char_boundary(half),
            text.ceil_char_boundary(text.len() - half),
        );
        let missing = tail - head;
        let cut = format!(
            "{}\n[... {missing} bytes are left out ...]\n{}",
            &text[..head],
            &text[tail..]
        );
        let cut = Value::String(cut);
        if size(&cut) <= limit || half == 0 {
            return cut;
        }
        kept = (kept * limit / size(&cut)).min(kept - kept.div_ceil(16));
    }
}

fn size(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(output: Value) -> Value {
        let left = bounded(Left::output(output));
        let output = left.output.expect("an output");
        assert!(size(&output) <= OUTPUT_BYTES + 32, "{}", size(&output));
        output
    }

    #[test]
    fn what_is_short_stays_as_it_is() {
        let short = json!({"a": "x".repeat(OUTPUT_BYTES - 100), "n": 1.5, "list": [1, null]});
        assert_eq!(output(short.clone()), short);
        assert_eq!(bounded(Left::default()).output, None);
    }

    #[test]
    fn text_is_cut_before_what_has_a_structure() {
        let list: Vec<u32> = (0..100_000).collect();
        let text = format!("begin{}end", "\u{1}\u{e9}".repeat(400_000));
        let cut = output(json!({"body": text, "json": list, "status": 200, "short": "s"}));
        assert_eq!((&cut["json"], &cut["status"]), (&json!(list), &json!(200)));
        assert_eq!(
            (&cut["short"], &cut["truncated"]),
            (&json!("s"), &json!(true))
        );
        let body = cut["body"].as_str().expect("text");
        assert!(body.starts_with("begin") && body.ends_with("end"));
        assert!(body.contains("bytes are left out"));
        assert!(size(&cut) > OUTPUT_BYTES / 2, "too much is cut");
    }

    #[test]
    fn a_structure_that_is_too_long_becomes_text() {
        let list: Vec<u32> = (0..400_000).collect();
        let cut = output(json!({"json": list, "status": 200}));
        assert!(
            cut["json"]
                .as_str()
                .is_some_and(|text| text.starts_with("[0,1,2"))
        );
        let cut = output(json!(list));
        assert_eq!(cut["truncated"], true);
        let many: Map<String, Value> = (0..200_000).map(|n| (n.to_string(), n.into())).collect();
        assert_eq!(output(Value::Object(many))["truncated"], true);
    }

    #[test]
    fn variables_are_bounded_too_and_the_output_says_so() {
        let long = "v".repeat(OUTPUT_BYTES);
        let set = Map::from_iter([
            ("long".to_owned(), long.clone().into()),
            ("n".to_owned(), 7.into()),
        ]);
        let output = Some(json!({"body": long}));
        let left = bounded(Left { output, set });
        assert_eq!(left.set["n"], 7);
        assert!(size(&left.set) <= SET_BYTES);
        assert!(size(&left.set) + size(&left.output) <= OUTPUT_BYTES + 32);
        assert_eq!(left.output.expect("an output")["truncated"], true);
    }
}
