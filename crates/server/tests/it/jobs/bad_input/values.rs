//! Jobs with a value that is wrong.

use serde_json::json;

use super::{MIB, check, job, raw, with_text};
use crate::test_server::{TestServer, example};

#[tokio::test]
async fn jobs_with_a_wrong_value() {
    let server = TestServer::open().await;
    let mut cases = vec![];
    for text in [
        "",
        " ",
        "two words",
        "tab\there",
        "a\nb",
        "nul\0",
        "\u{A0}",
        &"x".repeat(256),
    ] {
        cases.push(job("type", &json!(text)));
    }
    for text in [
        "",
        "example.com/x",
        "/x",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:,x",
        "http://",
        "https://",
        "http:// example.com",
        "http://[::1",
        "http://a:99999/",
    ] {
        cases.push(job("binary_url", &json!(text)));
    }
    cases.push(job(
        "binary_url",
        &json!(format!("http://example.com/{}", "x".repeat(9_000))),
    ));
    let digits = "a".repeat(64);
    for text in [
        "",
        "abc123...",
        &digits[1..],
        &format!("{digits}a"),
        &digits.replace('a', "g"),
    ] {
        cases.push(job("binary_sha256", &json!(text)));
    }
    cases.push(job("binary_sha256", &json!(format!(" {}", &digits[1..]))));
    cases.push(job("binary_sha256", &json!("\u{e9}".repeat(32))));
    check(&server, cases).await;
}

#[tokio::test]
async fn jobs_with_a_word_or_number_out_of_range() {
    let server = TestServer::open().await;
    let mut cases = vec![];
    for text in [
        "",
        "urgent",
        "Foreground",
        "foreground ",
        "best-effort",
        "0",
        "foreground\0",
    ] {
        cases.push(job("priority", &json!(text)));
    }
    for seconds in [0, 400_000_000, u64::MAX] {
        cases.push(job("timeout_seconds", &json!(seconds)));
    }
    for attempts in [0_u64, 1_001, 4_294_967_295, 4_294_967_296] {
        cases.push(job("max_attempts", &json!(attempts)));
    }
    for time in [
        "",
        "tomorrow",
        "2024-01-01",
        "2024-01-01T12:00:00",
        "2024-13-01T00:00:00Z",
        "99999-01-01T00:00:00Z",
    ] {
        cases.push(job("not_before", &json!(time)));
    }
    check(&server, cases).await;
}

#[tokio::test]
async fn jobs_with_a_missing_field() {
    let server = TestServer::open().await;
    let mut cases = vec![];
    for field in ["type", "binary_url", "binary_sha256", "priority"] {
        let mut body = example();
        body.as_object_mut().expect("an object").remove(field);
        cases.push(raw(field, body.to_string()).field(field));
    }
    check(&server, cases).await;
}

#[tokio::test]
async fn retry_policies_out_of_range() {
    let server = TestServer::open().await;
    let mut cases = vec![];
    for (field, values) in [
        ("initial_seconds", [-1.0, 1e10]),
        ("factor", [0.5, 1e4]),
        ("max_seconds", [-0.1, 1e300]),
        ("jitter", [-0.1, 1.1]),
    ] {
        for value in values {
            cases.push(job("retry", &json!({ field: value })).field(&format!("retry.{field}")));
        }
    }
    for text in ["1e999", "-1e999"] {
        let body = with_text(&format!("\"retry\":{{\"factor\":{text}}}"));
        cases.push(raw(text, body).field("retry.factor"));
    }
    check(&server, cases).await;
}

#[tokio::test]
async fn words_that_no_system_can_start() {
    let server = TestServer::open().await;
    let long = "x".repeat(10 * MIB);
    let cases = vec![
        job("arguments", &json!(["a", "nul\0"])).field("arguments[1]"),
        job("arguments", &json!([long])).field("arguments[0]"),
        job("arguments", &json!(vec!["a"; 1_000_000])),
        job("arguments", &json!(vec!["x".repeat(100_000); 16])),
        job("env_variables", &json!({"": "x"})),
        // One word of the system with its name: a byte too long.
        job(
            "env_variables",
            &json!({"NAME": "x".repeat(128 * 1024 - 1 - 4)}),
        )
        .field("env_variables.NAME"),
        job("env_variables", &json!({"A=B": "x"})),
        job("env_variables", &json!({"=": "x"})),
        job("env_variables", &json!({"A\0": "x"})),
        job("env_variables", &json!({"A": "x\0"})).field("env_variables.A"),
        job("env_variables", &json!({ long.as_str(): "x" })),
        job("env_variables", &json!({"A": long})).field("env_variables.A"),
        job("labels", &json!({"": "x"})),
        job("labels", &json!({"a\0": "x"})),
        job("labels", &json!({"a": "x\0"})).field("labels.a"),
        job("labels", &json!({"a": "x".repeat(256)})).field("labels.a"),
        job("labels", &json!({ "x".repeat(256): "a" })),
        job(
            "labels",
            &(0..65)
                .map(|n| (n.to_string(), json!("")))
                .collect::<serde_json::Map<_, _>>()
                .into(),
        ),
        job("type", &json!(long)),
        job("binary_url", &json!(long)),
        job("binary_sha256", &json!(long)),
        job("priority", &json!(long)),
        job("not_before", &json!(long)),
        job("timeout_seconds", &json!(long)),
    ];
    check(&server, cases).await;
}

#[tokio::test]
async fn odd_but_good_input_is_taken() {
    let server = TestServer::open().await;
    for fields in [
        json!({"arguments": null, "env_variables": null, "retry": null, "labels": null, "not_before": null}),
        json!({"type": "\u{1F680}/..;--'\"<script>"}),
        json!({"arguments": vec!["a"; 100_000]}),
        json!({"arguments": ["x".repeat(131_071)]}),
        json!({"type": "x".repeat(255)}),
        json!({"binary_url": "HTTPS://EXAMPLE.com:444/a%20b?c#d"}),
        json!({"retry": {"initial_seconds": 0, "factor": 1, "max_seconds": 0, "jitter": 1}}),
        json!({"not_before": "-009999-01-03T00:00:00Z"}),
        json!({"not_before": "9999-12-30T00:00:00Z"}),
    ] {
        let id = server.submit_with(&fields).await;
        let job = server.job(&id).await;
        for (field, value) in fields.as_object().expect("an object") {
            if field == "type" || field == "arguments" && value.is_array() {
                assert_eq!(&job[field], value);
            }
        }
    }
}
