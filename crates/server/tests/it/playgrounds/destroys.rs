//! A destroy while another operation has not ended, and playgrounds that want the same host at the same time.

use futures_util::future::join_all;
use http::Method;
use serde_json::json;

use super::{
    ask, claim, claim_as, finish, get, make, new, perform, playspec, register, removed, report,
    running,
};
use crate::{database::on_both, test_server::TestServer};

on_both!(
    a_destroy_cancels_what_an_executor_performs_and_follows_it,
    a_destroy_of_what_no_executor_has_begun_is_queued_at_once,
    a_destroy_follows_an_expiry_that_may_keep_the_playground,
    of_playgrounds_that_want_one_host_one_is_made,
);

async fn tick(server: &TestServer) -> usize {
    server.server.end_playgrounds().await.expect("a tick")
}

async fn a_destroy_cancels_what_an_executor_performs_and_follows_it() {
    let server = running(&json!({})).await;
    ask(&server, "1/rollout").json(200).await;
    let rollout = claim(&server).await;
    for _ in 0..2 {
        let answer = server.delete("/api/playgrounds/1").json(202).await;
        assert_eq!(answer["status"], "destroying");
        assert_eq!(answer["operation_id"], rollout["id"]);
    }
    let path = format!("/api/runs/{}", rollout["id"].as_str().expect("an id"));
    let run = server.get(&path).json(200).await;
    assert!(run["signals"]["cancel"].as_i64() > Some(0), "{run}");
    // It is undone, which takes its time, and nothing comes between.
    assert_eq!(tick(&server).await, 0);
    for operation in ["rollout", "stop"] {
        let path = format!("/api/playgrounds/1/{operation}");
        server.post(&path, &json!({"force": true})).json(409).await;
    }
    finish(&server, &rollout, "failed", Some("cancelled")).await;
    assert_eq!(get(&server, "1").await["status"], "destroying");
    let path = "/api/playgrounds/1/rollout";
    let refused = server.post(path, &json!({"force": true})).json(422).await;
    assert_eq!(refused["error"]["code"], "INVALID_STATE", "{refused}");
    assert_eq!(tick(&server).await, 1);
    assert_eq!(tick(&server).await, 0);
    assert_eq!(get(&server, "1").await["status"], "destroying");
    let run = perform(&server, &removed()).await;
    assert_eq!(run["input"]["action"], "destroy");
    assert_eq!(run["input"]["unless_dirty"], json!(null));
    server.get("/api/playgrounds/1").json(404).await;
    let audit = server.get("/api/audit?target=1").json(200).await;
    assert!(audit.to_string().contains("which is cancelled"), "{audit}");
}

async fn a_destroy_of_what_no_executor_has_begun_is_queued_at_once() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    let made = make(&server, &json!({})).await;
    let answer = server.delete("/api/playgrounds/1").json(202).await;
    assert_eq!(answer["status"], "destroying");
    assert_ne!(answer["operation_id"], made["operation_id"]);
    assert_eq!(tick(&server).await, 0);
    let run = perform(&server, &removed()).await;
    assert_eq!(run["input"]["action"], "destroy");
    server.get("/api/playgrounds/1").json(404).await;
    assert_eq!(claim_as(&server, "docker-1").await, json!(null));
}

async fn a_destroy_follows_an_expiry_that_may_keep_the_playground() {
    let server = running(&json!({})).await;
    server.clock.advance_ms(8 * 3_600_000);
    register(&server, "docker-1").await;
    assert_eq!(tick(&server).await, 1);
    let expiry = claim(&server).await;
    assert_eq!(expiry["input"]["unless_dirty"], true);
    for _ in 0..2 {
        let answer = server.delete("/api/playgrounds/1").json(202).await;
        assert_eq!(answer["status"], "destroying");
    }
    // It was about to end when it was cancelled.
    report(&server, &expiry, &json!({"dirty": ["web"]})).await;
    finish(&server, &expiry, "completed", None).await;
    assert_eq!(get(&server, "1").await["status"], "destroying");
    assert_eq!(tick(&server).await, 1);
    let run = perform(&server, &removed()).await;
    assert_eq!(run["input"]["unless_dirty"], json!(null));
    server.get("/api/playgrounds/1").json(404).await;
}

async fn of_playgrounds_that_want_one_host_one_is_made() {
    let server = TestServer::open().await;
    let spec = playspec(&server).await;
    let bodies: Vec<_> = (0..8)
        .map(|number| new(spec, &json!({"name": format!("at-once-{number}")})))
        .collect();
    let calls = bodies
        .iter()
        .map(|body| server.post("/api/playgrounds", body).status());
    let mut statuses = join_all(calls).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 422, 422, 422, 422, 422, 422, 422]);

    // Two that have hosts of their own want the same one.
    register(&server, "docker-1").await;
    perform(&server, &super::applied("1")).await;
    let other = |host: &str| json!({"service_subdomains": {"web": host}});
    let mut ids = Vec::new();
    for name in ["one", "two"] {
        let mut body = new(spec, &other(name));
        body["playground"]["name"] = json!(name);
        ids.push(server.post("/api/playgrounds", &body).json(201).await["id"].clone());
        perform(&server, &super::applied("1")).await;
    }
    let body = json!({"playground": other("three")}).to_string();
    let calls = ids.iter().map(|id| {
        let path = format!("/api/playgrounds/{id}");
        server.send(Method::PATCH, &path, body.clone()).status()
    });
    let mut statuses = join_all(calls).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 422]);
}
