//! Where a plugin finds the text that it works on.

use std::borrow::Cow;

use serde_json::Value;

use crate::Unusable;

/// A bare string, or the text in the given field of an object. A list of strings is their lines. An object without
/// the field may have its text in `data`.
///
/// # Errors
/// There is no such text.
pub(crate) fn text<'a>(input: &'a Value, field: &str) -> Result<Cow<'a, str>, Unusable> {
    let found = match input {
        Value::Object(fields) => {
            let data = || fields.get("data").filter(|data| data.is_string());
            fields.get(field).or_else(data)
        }
        other => Some(other),
    };
    match found {
        Some(Value::String(text)) => Ok(Cow::Borrowed(text)),
        Some(Value::Array(lines)) => {
            let lines: Option<Vec<&str>> = lines.iter().map(Value::as_str).collect();
            lines.map(|lines| Cow::Owned(lines.join("\n")))
        }
        .ok_or_else(|| Unusable(String::from("a list has to be one of strings"))),
        _ => Err(Unusable(format!(
            "expected a string, or an object with the field `{field}`"
        ))),
    }
}

/// A text in an object's field, if there is one.
pub(crate) fn field<'a>(value: &'a Value, field: &str) -> Option<&'a str> {
    value.get(field).and_then(Value::as_str)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_stands_alone_or_in_its_field() {
        for input in [
            json!("a\nb"),
            json!({"text": "a\nb", "other": 1}),
            json!(["a", "b"]),
            json!({"text": ["a", "b"]}),
            json!({"data": "a\nb"}),
            json!({"data": "other", "text": "a\nb"}),
        ] {
            assert_eq!(text(&input, "text").unwrap(), "a\nb", "{input}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for input in [
            json!(null),
            json!(1),
            json!({}),
            json!({"text": 1}),
            json!({"TEXT": "a"}),
            json!([1]),
            json!({"data": 1}),
            json!({"data": ["a"]}),
        ] {
            assert!(text(&input, "text").is_err(), "{input}");
        }
    }
}
