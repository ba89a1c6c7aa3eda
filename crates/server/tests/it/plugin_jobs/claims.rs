//! `POST /api/executors/{executor}/exchange`: which executor gets which run.

use std::time::Duration;

use serde_json::{Value, json};

use super::{claims, create, plugin, register, server, start};
use crate::test_server::{TestServer, example};

async fn ready(server: &TestServer, plugins: &[&str]) -> String {
    let id = create(server, &json!({"input": 1, "plugins": plugins})).await;
    start(server, &id).await;
    id
}

fn ids(runs: &[Value]) -> Vec<&str> {
    runs.iter()
        .map(|run| run["id"].as_str().expect("an id"))
        .collect()
}

#[tokio::test]
async fn each_executor_gets_what_it_can_perform() {
    let server = server().await;
    register(&server, "worker-2", &[plugin("two", 2), plugin("three", 3)]).await;
    register(&server, "worker-3", &[]).await;
    let all = json!({"kinds": ["plugin_job"], "max": 9});
    let both = ready(&server, &["two", "one"]).await;
    let two = ready(&server, &["two"]).await;
    let three = ready(&server, &["three"]).await;
    let again = ready(&server, &["one", "two"]).await;
    assert!(claims(&server, "worker-3", &all).await.is_empty());
    assert!(claims(&server, "unknown", &all).await.is_empty());
    assert_eq!(
        ids(&claims(&server, "worker-2", &all).await),
        [&two, &three]
    );
    assert_eq!(
        ids(&claims(&server, "worker-1", &all).await),
        [&both, &again]
    );
    // A plugin that was taken away, or broke, is in no claim.
    let next = ready(&server, &["one"]).await;
    let mut broken = plugin("one", 1);
    broken["error"] = json!("no artefact");
    register(&server, "worker-1", &[broken]).await;
    assert!(claims(&server, "worker-1", &all).await.is_empty());
    register(&server, "worker-1", &[plugin("one", 1)]).await;
    assert_eq!(ids(&claims(&server, "worker-1", &all).await), [&next]);
}

#[tokio::test]
async fn one_claim_takes_jobs_and_plugin_jobs_in_their_order() {
    let server = server().await;
    let job = server.submit(&example()).await;
    server.clock.advance_ms(1);
    let plugins = ready(&server, &["one"]).await;
    server.clock.advance_ms(1);
    let last = server.submit(&example()).await;
    let plain = json!({"executor_id": "w", "executor_ip": "", "max": 1});
    let plain = server.post("/api/v1/jobs/claim", &plain).json(200).await;
    assert_eq!(plain[0]["id"], job.as_str());
    let kinds = json!({"kinds": ["job", "plugin_job"], "max": 1});
    assert_eq!(ids(&claims(&server, "worker-1", &kinds).await), [&plugins]);
    let runs = claims(&server, "worker-1", &kinds).await;
    assert_eq!(ids(&runs), [&last]);
    assert_eq!(runs[0]["kind"], "job");
    assert_eq!(runs[0]["name"], "data-processing");
    assert_eq!(runs[0]["token"], json!(1));
    assert_eq!(runs[0]["attempt"], json!(1));
    assert_eq!(runs[0]["lease_seconds"], 30.0);
    assert_eq!(runs[0]["input"]["arguments"], json!(["arg1", "arg2"]));
    assert!(claims(&server, "worker-1", &kinds).await.is_empty());
}

#[tokio::test]
async fn a_waiting_claim_is_woken_by_a_queue_that_it_did_not_know() {
    let server = server().await;
    for plugins in [&["one"][..], &["two", "one"], &["two"]] {
        let body = json!({"kinds": ["job", "plugin_job"], "wait_seconds": 50});
        let waiting = claims(&server, "worker-1", &body);
        let coming = ready(&server, plugins);
        let both = async { tokio::join!(waiting, coming) };
        let (runs, id) = tokio::time::timeout(Duration::from_secs(40), both)
            .await
            .expect("woken");
        assert_eq!(ids(&runs), [&id]);
    }
    let body = json!({"kinds": ["job", "plugin_job"], "wait_seconds": 50});
    let job = example();
    let both = async { tokio::join!(claims(&server, "worker-1", &body), server.submit(&job)) };
    let (runs, id) = tokio::time::timeout(Duration::from_secs(40), both)
        .await
        .expect("woken");
    assert_eq!(ids(&runs), [&id]);
}

#[tokio::test]
async fn claims_that_are_wrong() {
    let server = server().await;
    let id = ready(&server, &["one"]).await;
    for (body, field) in [
        (json!({}), "kinds"),
        (json!({"kinds": []}), "kinds"),
        (json!({"kinds": ["jobs"]}), "kinds"),
        (json!({"kinds": "job"}), "kinds"),
        (json!({"kinds": ["plugin_job"], "max": 0}), "max"),
        (json!({"kinds": ["plugin_job"], "max": 1001}), "max"),
        (
            json!({"kinds": ["plugin_job"], "wait_seconds": 61}),
            "wait_seconds",
        ),
        (
            json!({"kinds": ["plugin_job"], "wait_seconds": -1}),
            "wait_seconds",
        ),
        (
            json!({"kinds": ["plugin_job"], "executor_ip": "\n"}),
            "executor_ip",
        ),
    ] {
        let body = json!({"claim": body});
        let answer = server.post("/api/executors/worker-1/exchange", &body);
        let detail = answer.await.problem(400).await;
        assert!(detail.contains(field), "{body}: {detail}");
    }
    let body = json!({"kinds": ["plugin_job"]});
    assert_eq!(ids(&claims(&server, "worker-1", &body).await), [&id]);
}
