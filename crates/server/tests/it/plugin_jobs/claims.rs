//! `POST /api/v1/executors/{executor_id}/claims`: who gets which run.

use std::time::Duration;

use serde_json::{Value, json};

use super::{bed, claims, create, plugin, register, start};
use crate::bed::{Bed, example};

async fn ready(bed: &Bed, plugins: &[&str]) -> String {
    let id = create(bed, &json!({"input": 1, "plugins": plugins})).await;
    start(bed, &id).await;
    id
}

fn ids(runs: &[Value]) -> Vec<&str> {
    runs.iter()
        .map(|run| {
            let kind = run["kind"].as_str().expect("a kind");
            run[kind]["id"].as_str().expect("an id")
        })
        .collect()
}

#[tokio::test]
async fn each_executor_gets_what_it_can_perform() {
    let bed = bed().await;
    register(&bed, "worker-2", &[plugin("two", 2), plugin("three", 3)]).await;
    register(&bed, "worker-3", &[]).await;
    let all = json!({"kinds": ["plugin_job"], "max": 9});
    let both = ready(&bed, &["two", "one"]).await;
    let two = ready(&bed, &["two"]).await;
    let three = ready(&bed, &["three"]).await;
    let again = ready(&bed, &["one", "two"]).await;
    assert!(claims(&bed, "worker-3", &all).await.is_empty());
    assert!(claims(&bed, "nobody", &all).await.is_empty());
    assert_eq!(ids(&claims(&bed, "worker-2", &all).await), [&two, &three]);
    assert_eq!(ids(&claims(&bed, "worker-1", &all).await), [&both, &again]);
    // A plugin that was taken away, or broke, is in no claim.
    let next = ready(&bed, &["one"]).await;
    let mut broken = plugin("one", 1);
    broken["error"] = json!("no artefact");
    register(&bed, "worker-1", &[broken]).await;
    assert!(claims(&bed, "worker-1", &all).await.is_empty());
    register(&bed, "worker-1", &[plugin("one", 1)]).await;
    assert_eq!(ids(&claims(&bed, "worker-1", &all).await), [&next]);
}

#[tokio::test]
async fn one_claim_takes_jobs_and_plugin_jobs_in_their_order() {
    let bed = bed().await;
    let job = bed.submit(&example()).await;
    bed.clock.advance_ms(1);
    let plugins = ready(&bed, &["one"]).await;
    bed.clock.advance_ms(1);
    let last = bed.submit(&example()).await;
    let plain = json!({"executor_id": "w", "executor_ip": "", "max": 1});
    let plain = bed.post("/api/v1/jobs/claim", &plain).await.json(200).await;
    assert_eq!(plain[0]["id"], job.as_str());
    let kinds = json!({"kinds": ["job", "plugin_job"], "max": 1});
    assert_eq!(ids(&claims(&bed, "worker-1", &kinds).await), [&plugins]);
    let runs = claims(&bed, "worker-1", &kinds).await;
    assert_eq!(ids(&runs), [&last]);
    assert_eq!(runs[0]["kind"], "job");
    assert_eq!(runs[0]["job"]["lease_token"], 1);
    assert_eq!(runs[0]["job"]["lease_seconds"], 30.0);
    assert_eq!(runs[0]["job"]["attempts"][0]["status"], "running");
    assert!(claims(&bed, "worker-1", &kinds).await.is_empty());
}

#[tokio::test]
async fn a_waiting_claim_is_woken_by_a_queue_that_it_did_not_know() {
    let bed = bed().await;
    for plugins in [&["one"][..], &["two", "one"], &["two"]] {
        let body = json!({"kinds": ["job", "plugin_job"], "wait_seconds": 50});
        let waiting = claims(&bed, "worker-1", &body);
        let coming = ready(&bed, plugins);
        let both = async { tokio::join!(waiting, coming) };
        let (runs, id) = tokio::time::timeout(Duration::from_secs(40), both)
            .await
            .expect("woken");
        assert_eq!(ids(&runs), [&id]);
    }
    let body = json!({"kinds": ["job", "plugin_job"], "wait_seconds": 50});
    let job = example();
    let both = async { tokio::join!(claims(&bed, "worker-1", &body), bed.submit(&job)) };
    let (runs, id) = tokio::time::timeout(Duration::from_secs(40), both)
        .await
        .expect("woken");
    assert_eq!(ids(&runs), [&id]);
}

#[tokio::test]
async fn claims_that_are_wrong() {
    let bed = bed().await;
    let id = ready(&bed, &["one"]).await;
    for (body, field) in [
        (json!({}), "kinds"),
        (json!({"kinds": []}), "kinds"),
        (json!({"kinds": ["jobs"]}), "kinds"),
        (json!({"kinds": ["execution"]}), "kinds"),
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
        let answer = bed.post("/api/v1/executors/worker-1/claims", &body).await;
        let refusal = answer.refused(400).await;
        assert_eq!(refusal["context"]["field"], field, "{body}");
    }
    let body = json!({"kinds": ["plugin_job"]});
    assert_eq!(ids(&claims(&bed, "worker-1", &body).await), [&id]);
}
