//! Jobs with a field of a wrong type, and what is no JSON at all.

use http::Method;
use serde_json::json;

use super::{case, check, job, raw, with_text};
use crate::test_server::{SHA256, TestServer, example};

#[tokio::test]
async fn jobs_with_a_field_of_a_wrong_type() {
    let server = TestServer::open().await;
    let strings = [
        "type",
        "binary_url",
        "binary_sha256",
        "priority",
        "not_before",
    ];
    let numbers = ["timeout_seconds", "max_attempts"];
    let objects = ["env_variables", "labels", "retry"];
    let mut cases = vec![];
    for field in strings {
        for value in [json!(5), json!(true), json!([]), json!({}), json!(1.5)] {
            cases.push(job(field, &value));
        }
    }
    for field in ["type", "binary_url", "binary_sha256", "priority"] {
        cases.push(job(field, &json!(null)));
    }
    for field in numbers {
        for value in [
            json!("5"),
            json!(true),
            json!([]),
            json!({}),
            json!(1.5),
            json!(-1),
            json!(1e300),
        ] {
            cases.push(job(field, &value));
        }
    }
    for field in objects {
        for value in [json!("x"), json!(5), json!(true)] {
            cases.push(job(field, &value));
        }
    }
    // In the order of the fields it would be understood.
    cases.push(job("retry", &json!([1, 2, 300, 0.2])));
    let fields = json!(["a", "https://example.com/x", SHA256, [], {}, "background"]);
    cases.push(raw("the fields in their order", fields.to_string()).field("body"));
    let claim = json!(["worker-1", "192.0.2.7"]).to_string();
    cases.push(case("claim", Method::POST, "/api/v1/jobs/claim", claim).field("body"));
    let bulk = json!([fields]).to_string();
    cases.push(case("bulk", Method::POST, "/api/v1/jobs/bulk", bulk).field("body"));
    cases.push(job("env_variables", &json!(["A=1"])));
    cases.push(job("labels", &json!([["a", "b"]])));
    for value in [json!("x"), json!(5), json!({}), json!({"0": "a"})] {
        cases.push(job("arguments", &value));
    }
    cases.push(job("arguments", &json!(["a", 5])).field("arguments[1]"));
    cases.push(job("arguments", &json!([null])).field("arguments[0]"));
    cases.push(job("env_variables", &json!({"A": 5})).field("env_variables.A"));
    cases.push(job("labels", &json!({"A": null})).field("labels.A"));
    cases.push(job("retry", &json!({"factor": "2"})).field("retry.factor"));
    // A message that quotes what was sent must not make another field out of it.
    cases.push(job("timeout_seconds", &json!("a field `priority`")));
    check(&server, cases).await;
}

#[tokio::test]
async fn what_is_no_json() {
    let server = TestServer::open().await;
    let deep =
        |open: &str, close: &str| format!("{}{}", open.repeat(200_000), close.repeat(200_000));
    let mut cases = vec![
        raw("empty", ""),
        raw("NUL", "\0"),
        raw("not UTF-8", &b"\xFF\xFE"[..]),
        raw(
            "not UTF-8 in a string",
            [
                example().to_string().replace("arg1", "\u{1}").into_bytes(),
                vec![],
            ]
            .concat()
            .iter()
            .map(|b| if *b == 1 { 0xFF } else { *b })
            .collect::<Vec<u8>>(),
        )
        .field("arguments[0]"),
        raw(
            "a bare NUL in a string",
            example().to_string().replace("arg1", "\0"),
        ),
        raw(
            "half a surrogate",
            example().to_string().replace("arg1", "\\ud800"),
        )
        .field("arguments[0]"),
        raw("cut off", &example().to_string()[..40]),
        raw("NaN", with_text("\"timeout_seconds\":NaN")),
        raw("Infinity", with_text("\"retry\":{\"factor\":Infinity}")),
        raw("a form", "type=a&binary_url=b"),
        raw("two values", format!("{} 1", example())),
        raw("single quotes", example().to_string().replace('"', "'")),
        raw("deep arrays", deep("[", "]")),
        raw("deep objects", deep("{\"a\":", "}").replace(":}", ":1}")),
        raw(
            "deep in an unknown field",
            with_text(&format!("\"x\":{}", deep("[", "]"))),
        ),
        raw("an array", "[]").field("body"),
        raw("a string", "\"type\"").field("body"),
        raw("null", "null").field("body"),
        raw("a number", "1e5").field("body"),
    ];
    for path in [
        "/api/v1/jobs/claim",
        "/api/v1/jobs/bulk",
        "/api/v1/jobs/bulk/cancel",
    ] {
        cases.push(case(path, Method::POST, path, "\u{1}"));
        cases.push(case(path, Method::POST, path, &b"\xFF"[..]));
    }
    check(&server, cases).await;
}

#[tokio::test]
async fn keys_that_stand_there_twice() {
    let server = TestServer::open().await;
    let cases = vec![
        raw("type", with_text("\"type\":\"again\"")).field("type"),
        raw("priority", with_text("\"priority\":\"background\"")).field("priority"),
        raw("escaped", with_text("\"\\u0074ype\":\"again\"")).field("type"),
        raw("env", with_text("\"env_variables\":{}")).field("env_variables"),
        raw(
            "within env_variables",
            example().to_string().replace("\"KEY2\"", "\"KEY1\""),
        )
        .field("env_variables"),
        raw(
            "within labels",
            with_text("\"labels\":{\"a\":\"1\",\"b\":\"2\",\"a\":\"1\"}"),
        )
        .field("labels"),
        raw(
            "within retry",
            with_text("\"retry\":{\"factor\":2,\"factor\":3}"),
        )
        .field("retry.factor"),
    ];
    check(&server, cases).await;
}
