//! `json-schema`: whether a document is as its schema says. References lead into the schema itself;
//! nothing is fetched.

use analysis::{Analysis, Numbers, Unusable};
use serde_json::{Value, json};

/// How many errors are listed; all are counted.
const LISTED: usize = 100;

/// How much of a message is kept: it quotes the document.
const MESSAGE_CHARS: usize = 500;

/// The call: `{"schema": …, "document": …, "formats": false}`. With `formats`, a `format` in the
/// schema is checked, not only noted.
pub(crate) fn execute(input: &Value, _before: Option<&Value>) -> Result<Analysis, Unusable> {
    let field = |name: &str| {
        input
            .get(name)
            .ok_or_else(|| Unusable(format!("expected an object with the field `{name}`")))
    };
    let formats = match input.get("formats") {
        None | Some(Value::Null) => false,
        Some(formats) => formats
            .as_bool()
            .ok_or_else(|| Unusable(String::from("`formats` is neither true nor false")))?,
    };
    let (schema, document) = (field("schema")?, field("document")?);
    let validator = jsonschema::options()
        .should_validate_formats(formats)
        .build(schema)
        .map_err(|error| {
            let at = error.instance_path();
            Unusable(format!("the schema is none, at `{at}`: {}", shown(&error)))
        })?;
    let mut listed = Vec::new();
    let mut errors: u64 = 0;
    for error in validator.iter_errors(document) {
        errors += 1;
        if listed.len() < LISTED {
            listed.push(json!({
                "path": error.instance_path().to_string(),
                "schema_path": error.schema_path().to_string(),
                "message": shown(&error),
            }));
        }
    }
    let metric = json!({"valid": errors == 0, "errors": errors, "error_list": listed});
    Ok(Analysis {
        metric,
        output: None,
    })
}

fn shown(error: &jsonschema::ValidationError<'_>) -> String {
    let message = error.to_string();
    match message.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => format!("{}...", &message[..end]),
        None => message,
    }
}

/// How many documents are valid, and their errors.
pub(crate) fn summarize(metrics: &[Value]) -> Value {
    let valid = metrics
        .iter()
        .filter(|metric| metric["valid"] == true)
        .count();
    let mut summary = Numbers(&["errors"]).of(metrics);
    summary.insert(String::from("documents"), json!(metrics.len()));
    summary.insert(String::from("valid"), json!(valid));
    summary.insert(String::from("invalid"), json!(metrics.len() - valid));
    Value::Object(summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(input: &Value) -> Value {
        execute(input, None).unwrap().metric
    }

    fn refused(input: &Value) -> String {
        execute(input, None).unwrap_err().0
    }

    #[test]
    fn a_document_is_checked() {
        let schema = json!({
            "type": "object",
            "required": ["name"],
            "properties": {"age": {"type": "integer", "minimum": 0}, "at": {"format": "date"}},
        });
        let good = json!({"schema": schema, "document": {"name": "x", "age": 3}});
        assert_eq!(
            metric(&good),
            json!({"valid": true, "errors": 0, "error_list": []})
        );

        let found = metric(&json!({"schema": schema, "document": {"age": -1}}));
        assert_eq!(found["valid"], json!(false));
        assert_eq!(found["errors"], json!(2));
        let paths: Vec<&Value> = found["error_list"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| &error["path"])
            .collect();
        assert!(
            paths.contains(&&json!("/age")) && paths.contains(&&json!("")),
            "{found}"
        );
    }

    #[test]
    fn formats_are_checked_when_asked() {
        let mut input = json!({"schema": {"format": "date"}, "document": "tomorrow"});
        assert_eq!(metric(&input)["valid"], true);
        input["formats"] = json!(true);
        assert_eq!(metric(&input)["valid"], false);
    }

    #[test]
    fn what_is_no_schema_is_refused() {
        assert!(refused(&json!({"document": 1})).contains("`schema`"));
        assert!(refused(&json!({"schema": true})).contains("`document`"));
        assert!(refused(&json!({"schema": {"type": 7}, "document": 1})).contains("`/type`"));
        assert!(refused(&json!({"schema": true, "document": 1, "formats": 1})).contains("formats"));
        refused(&json!("text"));
        // Nothing is fetched.
        refused(&json!({"schema": {"$ref": "http://127.0.0.1:9/schema"}, "document": 1}));
        refused(&json!({"schema": {"$ref": "file:///etc/passwd"}, "document": 1}));
    }

    #[test]
    fn many_and_long_errors_are_bounded() {
        let document = json!(vec!["x".repeat(2000); 1000]);
        let found = metric(&json!({"schema": {"items": {"type": "null"}}, "document": document}));
        assert_eq!(found["errors"], 1000);
        let listed = found["error_list"].as_array().unwrap();
        assert_eq!(listed.len(), LISTED);
        assert!(listed[0]["message"].as_str().unwrap().chars().count() <= MESSAGE_CHARS + 3);
    }

    #[test]
    fn a_summary_counts_the_valid() {
        let metrics = [
            json!({"valid": true, "errors": 0}),
            json!({"valid": false, "errors": 3}),
        ];
        let summary = summarize(&metrics);
        assert_eq!(summary["valid"], json!(1));
        assert_eq!(summary["invalid"], json!(1));
        assert_eq!(summary["errors"]["total"], 3);
    }
}
