//! JSON values as YAML in block style. Text is quoted unless no reader could take it for something else.

use serde_json::Value;

/// The order of the keys of a document and of a service; others follow by name.
const FIRST: [&str; 5] = ["name", "services", "image", "build", "command"];

/// The value as a YAML document, the same text for the same value.
#[must_use]
pub fn to_yaml(value: &Value) -> String {
    let mut out = String::new();
    if is_block(value) {
        entries(value, 0, &mut out);
    } else {
        out.push_str(&inline(value));
        out.push('\n');
    }
    out
}

fn entries(value: &Value, depth: usize, out: &mut String) {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            let place = |key: &String| {
                FIRST
                    .iter()
                    .position(|first| first == key)
                    .unwrap_or(FIRST.len())
            };
            keys.sort_by(|a, b| place(a).cmp(&place(b)).then(a.cmp(b)));
            for key in keys {
                indent(depth, out);
                out.push_str(&text(key));
                out.push(':');
                nested(&map[key], depth + 1, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                indent(depth, out);
                out.push_str("- ");
                // What stands in an item starts on the line of its dash.
                let start = out.len();
                if is_block(item) {
                    entries(item, depth + 1, out);
                    out.replace_range(start..start + 2 * (depth + 1), "");
                } else {
                    out.push_str(&inline(item));
                    out.push('\n');
                }
            }
        }
        _ => {}
    }
}

/// What stands after a key.
fn nested(value: &Value, depth: usize, out: &mut String) {
    if is_block(value) {
        out.push('\n');
        entries(value, depth, out);
    } else {
        out.push(' ');
        out.push_str(&inline(value));
        out.push('\n');
    }
}

/// Maps and lists with something in them stand on lines of their own.
fn is_block(value: &Value) -> bool {
    match value {
        Value::Object(map) => !map.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn indent(depth: usize, out: &mut String) {
    for _ in 0..depth {
        out.push_str("  ");
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::String(string) => text(string),
        // Numbers, booleans, null, `{}` and `[]` are the same in both languages.
        other => other.to_string(),
    }
}

fn text(string: &str) -> String {
    if is_plain(string) {
        string.to_owned()
    } else {
        // A JSON string is a YAML string in double quotes, but for characters that YAML wants escaped.
        let quoted = Value::String(string.to_owned()).to_string();
        quoted.chars().map(escaped).collect()
    }
}

fn escaped(c: char) -> String {
    match c {
        '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' => {
            format!("\\u{:04x}", u32::from(c))
        }
        c => c.to_string(),
    }
}

/// Words that are booleans or null to some reader.
const WORDS: [&str; 9] = ["true", "false", "yes", "no", "on", "off", "y", "n", "null"];

fn is_plain(string: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/');
    let goes_on = |c: char| c.is_ascii_alphanumeric() || "_-./:@+=$".contains(c);
    string.starts_with(starts)
        && string.chars().all(goes_on)
        && !string.ends_with(':')
        && !WORDS.iter().any(|word| string.eq_ignore_ascii_case(word))
}
