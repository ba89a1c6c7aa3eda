//! Executors and readers that say it wrong.

use http::Method;
use serde_json::json;

use super::{MIB, case, check};
use crate::bed::{Bed, example};

#[tokio::test]
async fn queries() {
    let bed = Bed::open().await;
    bed.submit(&example()).await;
    let mut cases = vec![];
    for (query, field) in [
        ("limit=-1", "limit"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("limit=", "limit"),
        ("limit=1.5", "limit"),
        ("limit=1e3", "limit"),
        ("limit=9223372036854775808", "limit"),
        ("limit=99999999999999999999999", "limit"),
        ("limit=5&limit=6", "limit"),
        ("limit=%00", "limit"),
        ("offset=-1", "offset"),
        ("offset=-9223372036854775808", "offset"),
        ("offset=x", "offset"),
        ("offset=18446744073709551616", "offset"),
        ("status=unknown", "status"),
        ("status=", "status"),
        ("status=queued", "status"),
        ("status=pending%00", "status"),
        ("status=pending&status=running", "status"),
        ("priority=urgent", "priority"),
        ("priority=", "priority"),
        ("type=%00", "type"),
        ("type=a%00b", "type"),
    ] {
        cases.push(case(query, Method::GET, &format!("/api/v1/jobs?{query}"), "").field(field));
    }
    for (query, field) in [
        ("stream=both", "stream"),
        ("follow=yes", "follow"),
        ("follow=-1", "follow"),
    ] {
        let path = format!("/api/v1/jobs/018cc4e5-2200-7000-8000-000000000001/logs?{query}");
        cases.push(case(query, Method::GET, &path, "").field(field));
    }
    check(&bed, cases).await;
}

#[tokio::test]
async fn executors_that_say_it_wrong() {
    let bed = Bed::open().await;
    bed.submit(&example()).await;
    bed.submit(&example()).await;
    let held = bed.claim("worker-1").await["id"].clone();
    let held = held.as_str().expect("an id");
    let mut cases = vec![];
    for (verb, method) in [
        ("claim", Method::POST),
        ("heartbeat", Method::PUT),
        ("complete", Method::PUT),
        ("fail", Method::PUT),
        ("release", Method::POST),
    ] {
        let path = match verb {
            "claim" => "/api/v1/jobs/claim".to_owned(),
            verb => format!("/api/v1/jobs/{held}/{verb}"),
        };
        let mut wrong = |field: &str, body: &str| {
            let name = format!("{verb}: {}", body.chars().take(60).collect::<String>());
            cases.push(case(&name, method.clone(), &path, body).field(field));
        };
        wrong("executor_id", "{}");
        wrong("executor_id", "{\"executor_id\":null}");
        wrong("executor_id", "{\"executor_id\":5}");
        wrong("executor_id", "{\"executor_id\":\"\"}");
        wrong("executor_id", "{\"executor_id\":\"a\\u0000\"}");
        wrong("executor_id", "{\"executor_id\":\"a\\nb\"}");
        wrong(
            "executor_id",
            "{\"executor_id\":\"a\",\"executor_id\":\"a\"}",
        );
        wrong(
            "executor_id",
            &json!({"executor_id": "x".repeat(10 * MIB)}).to_string(),
        );
        wrong("body", "[1]");
        if verb == "claim" {
            wrong("executor_ip", "{\"executor_id\":\"a\",\"executor_ip\":5}");
            wrong(
                "executor_ip",
                "{\"executor_id\":\"a\",\"executor_ip\":\"\\u0000\"}",
            );
            for number in ["-1", "61", "1e300", "1e999", "\"5\"", "true"] {
                let body = format!("{{\"executor_id\":\"a\",\"wait_seconds\":{number}}}");
                wrong("wait_seconds", &body);
            }
            for number in ["0", "-1", "1001", "4294967296", "1.5", "1e999", "\"5\""] {
                wrong(
                    "max",
                    &format!("{{\"executor_id\":\"a\",\"max\":{number}}}"),
                );
            }
            continue;
        }
        for token in ["\"1\"", "1.5", "9223372036854775808", "1e999", "[]"] {
            wrong(
                "lease_token",
                &format!("{{\"executor_id\":\"worker-1\",\"lease_token\":{token}}}"),
            );
        }
        if matches!(verb, "complete" | "fail") {
            for code in ["\"0\"", "0.5", "9223372036854775808", "1e999", "[]"] {
                wrong(
                    "exit_code",
                    &format!("{{\"executor_id\":\"worker-1\",\"exit_code\":{code}}}"),
                );
            }
            for field in ["stdout", "stderr", "error_message"] {
                wrong(
                    field,
                    &format!("{{\"executor_id\":\"worker-1\",\"{field}\":[104,105]}}"),
                );
            }
            wrong(
                "timed_out",
                "{\"executor_id\":\"worker-1\",\"timed_out\":1}",
            );
        }
    }
    check(&bed, cases).await;
    assert_eq!(bed.status(held).await, "running");
}

#[tokio::test]
async fn our_own_executors_that_say_it_wrong() {
    let bed = Bed::open().await;
    bed.submit(&example()).await;
    let held = bed.claim("worker-1").await["id"].clone();
    let held = held.as_str().expect("an id");
    let registration = "{\"slots\":1,\"version\":\"1\",\"isolation\":\"none\"}";
    let mut cases = vec![
        case(
            "slots",
            Method::PUT,
            "/api/v1/executors/w",
            "{\"slots\":-1,\"version\":\"1\",\"isolation\":\"none\"}",
        )
        .field("slots"),
        case(
            "ip",
            Method::PUT,
            "/api/v1/executors/w",
            registration.replace("}", ",\"executor_ip\":\"\\u0000\"}"),
        )
        .field("executor_ip"),
        case(
            "wait",
            Method::POST,
            "/api/v1/executors/w/leases",
            "{\"leases\":[],\"wait_seconds\":-1}",
        )
        .field("wait_seconds"),
        case(
            "leases",
            Method::POST,
            "/api/v1/executors/w/leases",
            "{\"leases\":5}",
        )
        .field("leases"),
        case(
            "no leases",
            Method::POST,
            "/api/v1/executors/w/leases",
            "{}",
        )
        .field("leases"),
        case(
            "token",
            Method::POST,
            "/api/v1/executors/w/leases",
            "{\"leases\":[{\"job_id\":\"x\"}]}",
        )
        .field("leases[0].lease_token"),
        case(
            "results",
            Method::POST,
            "/api/v1/executors/w/results",
            "{\"results\":[{\"job_id\":\"x\"}]}",
        )
        .field("results[0].completed"),
    ];
    for name in ["%00", "a%0Ab", "%FF", &"x".repeat(300)] {
        let path = format!("/api/v1/executors/{name}");
        cases.push(case(name, Method::PUT, &path, registration).field("executor_id"));
        cases.push(
            case(
                name,
                Method::POST,
                &format!("{path}/leases"),
                "{\"leases\":[]}",
            )
            .field("executor_id"),
        );
        cases.push(
            case(
                name,
                Method::POST,
                &format!("{path}/results"),
                "{\"results\":[]}",
            )
            .field("executor_id"),
        );
    }
    for (query, field) in [
        ("offset=0&executor_id=worker-1&lease_token=1", "stream"),
        (
            "stream=both&offset=0&executor_id=worker-1&lease_token=1",
            "stream",
        ),
        ("stream=stdout&executor_id=worker-1&lease_token=1", "offset"),
        (
            "stream=stdout&offset=-1&executor_id=worker-1&lease_token=1",
            "offset",
        ),
        (
            "stream=stdout&offset=18446744073709551615&executor_id=worker-1&lease_token=1",
            "offset",
        ),
        (
            "stream=stdout&offset=9223372036854775807&executor_id=worker-1&lease_token=1",
            "offset",
        ),
        ("stream=stdout&offset=0&lease_token=1", "executor_id"),
        (
            "stream=stdout&offset=0&executor_id=&lease_token=1",
            "executor_id",
        ),
        ("stream=stdout&offset=0&executor_id=worker-1", "lease_token"),
        (
            "stream=stdout&offset=0&executor_id=worker-1&lease_token=x",
            "lease_token",
        ),
    ] {
        let path = format!("/api/v1/jobs/{held}/logs?{query}");
        cases.push(case(query, Method::POST, &path, "text").field(field));
    }
    check(&bed, cases).await;
}
