//! No answer names a type of ours or speaks the language of a library.

use std::{collections::BTreeSet, time::Duration};

use http::Method;
use serde_json::{Value, json};

use crate::test_server::TestServer;

/// What readers of JSON, of queries and of Rust say, and no client can know.
const FOREIGN: [&str; 24] = [
    "invalid type",
    "invalid value",
    "invalid length",
    "missing field",
    "duplicate field",
    "unknown variant",
    "unknown field",
    "expected one of",
    "expected value",
    "expected a ",
    "at line",
    "EOF while",
    "did not match any variant",
    "untagged",
    "struct ",
    "tuple",
    "deserialize",
    "u8",
    "u16",
    "u32",
    "u64",
    "i64",
    "f64",
    "usize",
];

fn assert_plain(text: &str, about: &str) {
    for foreign in FOREIGN {
        // An id or a hash may have `u8` or such in it, a word does not.
        let found = text.match_indices(foreign).find(|(at, _)| {
            let before = text[..*at].chars().next_back();
            before.is_none_or(|before| !before.is_ascii_alphanumeric())
        });
        assert!(
            found.is_none(),
            "{about} is answered with `{foreign}`: {text}"
        );
    }
}

/// The fields of a body, as the document of all routes has them.
fn fields(document: &Value, schema: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        names.extend(fields(
            document,
            document.pointer(pointer).expect("a schema"),
        ));
    }
    for part in ["allOf", "oneOf", "anyOf"] {
        for schema in schema[part].as_array().into_iter().flatten() {
            names.extend(fields(document, schema));
        }
    }
    let own = schema["properties"].as_object().into_iter().flatten();
    names.extend(own.map(|(name, _)| name.clone()));
    names
}

/// Bodies that no route takes, or hardly one: wrong as a whole, and wrong in one field.
fn bodies(fields: &BTreeSet<String>) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = [
        "",
        "nul",
        "[",
        "{",
        "{\"a\"",
        "{\"a\":}",
        "{'a': 1}",
        "{\"a\": 1,}",
        "[1, 2",
        "tru",
        "01",
        "\"\\x\"",
        "[]",
        "{}",
        "null",
        "7",
        "1e999",
        "\"text\"",
        "[[]]",
        "[{}]",
        "{} {}",
    ]
    .map(|text| text.as_bytes().to_vec())
    .to_vec();
    bodies.push(b"\xff\xfe{\0}\0".to_vec());
    bodies.push(b"{\"a\": \"\xff\"}".to_vec());
    for field in fields {
        for value in [
            "null",
            "true",
            "30.5",
            "-1",
            "1e30",
            "123456789012345678901234567890",
            "\"text\"",
            "\"\\ud800\"",
            "[]",
            "[[1]]",
            "{}",
            "{\"a\": [null]}",
        ] {
            bodies.push(format!("{{{field:?}: {value}}}").into_bytes());
        }
        bodies.push(format!("{{{field:?}: 1, {field:?}: 2}}").into_bytes());
    }
    bodies
}

fn method(verb: &str) -> Method {
    verb.to_uppercase().parse().expect("a method")
}

/// A path with something in the place of each parameter.
fn filled(path: &str) -> String {
    let segments = path.split('/').map(|segment| match segment {
        "{id}" => "018cc4e5-2200-7000-8000-000000000001",
        segment if segment.starts_with('{') => "some",
        segment => segment,
    });
    segments.collect::<Vec<_>>().join("/")
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (verb, operation) in item.as_object().expect("operations") {
            operations.push((verb.clone(), path.clone(), operation.clone()));
        }
    }
    operations
}

#[tokio::test]
async fn no_refusal_of_a_body_speaks_of_types() {
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let server = TestServer::open().await;
    let (mut routes, mut refused) = (0, 0);
    for (verb, path, operation) in operations(&document) {
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        if schema.is_null() {
            continue;
        }
        routes += 1;
        for body in bodies(&fields(&document, schema)) {
            let sent = String::from_utf8_lossy(&body).into_owned();
            let sending = server.send(method(&verb), &filled(&path), body);
            // What is taken may wait for what comes.
            let Ok(answer) = tokio::time::timeout(Duration::from_secs(1), sending).await else {
                continue;
            };
            let status = answer.status.as_u16();
            let text = answer.text().await;
            let about = format!("{verb} {path} with {sent}");
            assert!(status < 500, "{about}: {text}");
            if status == 400 || status == 422 {
                refused += 1;
                assert_plain(&text, &about);
            }
        }
    }
    assert!(
        routes > 50 && refused > 4_000,
        "{routes} routes, {refused} refusals"
    );
}

#[tokio::test]
async fn no_refusal_of_a_query_speaks_of_types() {
    let document: Value = serde_json::from_str(&server::openapi_json()).expect("JSON");
    let server = TestServer::open().await;
    let mut refused = 0;
    for (verb, path, operation) in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().expect("a name");
            for query in [
                format!("{name}=x"),
                format!("{name}="),
                format!("{name}=1.5"),
                format!("{name}=99999999999999999999999"),
                format!("{name}=1&{name}=2"),
            ] {
                let path = format!("{}?{query}", filled(&path));
                let answer = server.send(method(&verb), &path, "").await;
                if answer.status == 400 {
                    refused += 1;
                    assert_plain(&answer.text().await, &format!("{verb} {path}"));
                }
            }
        }
    }
    assert!(refused > 200, "{refused} refusals");
}

#[tokio::test]
async fn a_refusal_says_the_field_what_came_and_what_is_wanted() {
    let server = TestServer::open().await;
    let submit = |job: Value| server.post("/api/v1/jobs", &job);
    let job = |field: &str, value: Value| crate::test_server::example_with(&json!({field: value}));
    for (job, field, message) in [
        (
            job("timeout_seconds", json!(30.5)),
            "timeout_seconds",
            "timeout_seconds must be a whole number that is not negative, not 30.5",
        ),
        (
            job("max_attempts", json!("three")),
            "max_attempts",
            "max_attempts must be a whole number from 0 to 4294967295, not a string",
        ),
        (
            job("arguments", json!(["a", {}])),
            "arguments[1]",
            "arguments[1] must be a string, not an object",
        ),
        (
            job("retry", json!({"factor": []})),
            "retry.factor",
            "retry.factor must be a number, not an array",
        ),
        (
            job("not_before", json!("tomorrow")),
            "not_before",
            "not_before must be a time such as 2030-01-31T12:00:00Z",
        ),
        (json!({"type": "a"}), "binary_url", "binary_url is missing"),
        (
            json!([]),
            "body",
            "the body must be an object, not an array",
        ),
    ] {
        let refused = submit(job).refused(400).await;
        assert_eq!(refused["error"], message);
        assert_eq!(refused["context"]["field"], field);
    }
    // In the form of each contract.
    let refused = server.post("/playground/jobs", &json!({"input": 1, "timeout": "x"}));
    let message = "timeout must be a whole number that is not negative, not a string";
    assert_eq!(refused.json(400).await, json!({"error": message}));
    let refused = server
        .post("/api/playgrounds", &json!({"playground": 1}))
        .json(400)
        .await;
    assert_eq!(refused["error"]["code"], "BAD_REQUEST");
    assert_eq!(
        refused["error"]["message"],
        "playground must be an object, not 1"
    );
    let refused = server.post("/api/executions", &json!({})).json(400).await;
    assert_eq!(refused["detail"]["message"], "playbook_path is missing");
    let problem = server
        .post("/api/keys", &json!({"name": 7}))
        .problem(400)
        .await;
    assert_eq!(problem, "name must be a string, not 7");
}
