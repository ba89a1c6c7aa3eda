//! Which executor gets a job: what jobs require, and what executors have.

use serde_json::{Value, json};

use crate::test_server::{TestServer, example_with};

/// An executor of ours registers with these labels and this offer.
async fn register(server: &TestServer, name: &str, labels: &Value, cpus: f64, memory_mb: u64) {
    let registration = json!({
        "slots": 4, "version": "1", "isolation": "none", "kinds": ["job"],
        "labels": labels, "cpus": cpus, "memory_mb": memory_mb,
    });
    let path = format!("/api/executors/{name}");
    server.put(&path, &registration).json(200).await;
}

/// What an executor of ours gets, by ids; with results it ends first.
async fn exchange(server: &TestServer, name: &str, results: Value, wait: u64) -> Vec<String> {
    let claim = json!({"kinds": ["job"], "max": 9, "wait_seconds": wait});
    let body = json!({"results": results, "claim": claim});
    let path = format!("/api/executors/{name}/exchange");
    let answer = server.post(&path, &body).json(200).await;
    let runs = answer["runs"].as_array().expect("runs").iter();
    runs.map(|run| run["id"].as_str().expect("an id").to_owned())
        .collect()
}

async fn claims(server: &TestServer, name: &str) -> Vec<String> {
    exchange(server, name, json!([]), 0).await
}

#[tokio::test]
async fn a_job_goes_to_an_executor_that_has_what_it_requires() {
    let server = TestServer::open().await;
    register(&server, "arm", &json!({"arch": "aarch64"}), 4.0, 100).await;
    let both = json!({"arch": "x86_64", "gpu": "a100"});
    register(&server, "gpu", &both, 4.0, 100).await;
    let arm = server
        .submit_with(&json!({"requires": {"arch": "aarch64"}}))
        .await;
    let any = server.submit_with(&json!({})).await;
    let gpu = server
        .submit_with(&json!({"requires": {"gpu": "a100", "arch": "x86_64"}}))
        .await;
    // One that knows the contract only takes what anyone can run.
    assert_eq!(server.claim("plain").await["id"], json!(any));
    server.claims_nothing("plain").await;
    assert_eq!(claims(&server, "gpu").await, [gpu]);
    assert_eq!(claims(&server, "arm").await, std::slice::from_ref(&arm));
    // It is tried again where it can run.
    let job = server.job(&arm).await;
    assert_eq!(job["requires"], json!({"arch": "aarch64"}));
    assert_eq!(job["executor_id"], "arm");
    server.release(&arm, "arm", &json!(1)).await;
    assert!(claims(&server, "gpu").await.is_empty());
    assert_eq!(claims(&server, "arm").await, [arm]);
}

#[tokio::test]
async fn a_waiting_executor_hears_of_a_job_that_it_can_run() {
    let server = TestServer::open().await;
    register(&server, "gpu", &json!({"gpu": "a100"}), 4.0, 100).await;
    register(&server, "arm", &json!({"arch": "aarch64"}), 4.0, 100).await;
    let waits = exchange(&server, "gpu", json!([]), 60);
    let submits = async {
        tokio::task::yield_now().await;
        let fields = json!({"requires": {"gpu": "a100"}, "cpus": 1.5});
        let id = server.submit_with(&fields).await;
        assert!(claims(&server, "arm").await.is_empty());
        id
    };
    let (taken, id) = tokio::join!(waits, submits);
    assert_eq!(taken, [id]);
}

#[tokio::test]
async fn a_job_that_no_known_executor_can_take_says_so() {
    let server = TestServer::open().await;
    let id = server
        .submit_with(&json!({"requires": {"gpu": "h100"}, "memory_mb": 4096}))
        .await;
    let any = server.submit_with(&json!({})).await;
    let says = async |id: &str| {
        let list = server.get("/api/v1/jobs").json(200).await;
        let listed = list.as_array().expect("a list").iter();
        let listed = listed.clone().find(|job| job["id"] == id).cloned();
        let details = server.job(id).await["placement_error"].clone();
        assert_eq!(listed.expect("it is listed")["placement_error"], details);
        details
    };
    let nothing = "no known executor has gpu=h100 and 4096 MiB of memory";
    assert_eq!(says(&id).await, nothing);
    assert_eq!(says(&any).await, Value::Null);
    register(&server, "small", &json!({"gpu": "h100"}), 4.0, 4095).await;
    assert_eq!(says(&id).await, "no known executor has 4096 MiB of memory");
    register(&server, "large", &json!({}), 4.0, 4096).await;
    let together = "no known executor has gpu=h100 and 4096 MiB of memory together";
    assert_eq!(says(&id).await, together);
    register(&server, "small", &json!({"gpu": "h100"}), 4.0, 4096).await;
    assert_eq!(says(&id).await, Value::Null);
    // One that is gone for long is not known any more.
    server.clock.advance_ms(3_600_000);
    assert_eq!(says(&id).await, nothing);
    register(&server, "small", &json!({"gpu": "h100"}), 4.0, 4096).await;
    assert_eq!(claims(&server, "small").await.len(), 2);
    assert_eq!(says(&id).await, Value::Null);
}

#[tokio::test]
async fn jobs_count_against_what_an_executor_offers() {
    let server = TestServer::open().await;
    register(&server, "a", &json!({}), 4.0, 1000).await;
    let mut jobs = Vec::new();
    for _ in 0..3 {
        jobs.push(
            server
                .submit_with(&json!({"cpus": 2, "memory_mb": 100}))
                .await,
        );
    }
    let small = server.submit_with(&json!({"memory_mb": 800})).await;
    let too_much = server.submit_with(&json!({"memory_mb": 1000})).await;
    let first = [jobs[0].clone(), jobs[1].clone(), small];
    assert_eq!(claims(&server, "a").await, first);
    assert!(claims(&server, "a").await.is_empty());
    let result = json!([{"run_id": jobs[0], "token": 1, "outcome": "completed"}]);
    assert_eq!(exchange(&server, "a", result, 0).await, [jobs[2].clone()]);
    let all = [&jobs[1], &jobs[2], &first[2]];
    let result = |id: &&String| json!({"run_id": id, "token": 1, "outcome": "completed"});
    let results: Vec<Value> = all.iter().map(result).collect();
    assert_eq!(exchange(&server, "a", json!(results), 0).await, [too_much]);
    assert_eq!(server.job(&jobs[0]).await["cpus"], json!(2.0));
}

#[tokio::test]
async fn requirements_and_labels_that_no_queue_can_be_named_after_are_refused() {
    let server = TestServer::open().await;
    let many: serde_json::Map<String, Value> =
        (0..17).map(|n| (format!("l{n}"), json!("x"))).collect();
    for (fields, field) in [
        (json!({"requires": {"a,b": "x"}}), "requires.a,b"),
        (json!({"requires": {"a": ""}}), "requires.a"),
        (json!({"requires": {"a": "x:y"}}), "requires.a"),
        (json!({"requires": many}), "requires"),
        (json!({"cpus": -1}), "cpus"),
        (json!({"memory_mb": u64::MAX}), "memory_mb"),
    ] {
        let answer = server.post("/api/v1/jobs", &example_with(&fields));
        let refused = answer.json(400).await;
        assert_eq!(refused["context"]["field"], field, "{refused}");
    }
    let wrong = json!({"slots": 1, "version": "1", "isolation": "none", "labels": {"a": "x y"}});
    let answer = server.put("/api/executors/a", &wrong);
    assert_eq!(answer.status().await, 400);
}
