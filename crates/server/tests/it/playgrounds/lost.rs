//! Executors that are killed in the middle of an operation.

use serde_json::json;

use super::{applied, claim, claim_as, finish, get, make, phases, register, report};
use crate::{database::on_both, test_server::TestServer};

on_both!(a_lost_executor_leaves_its_phases_to_the_next_attempt);

async fn a_lost_executor_leaves_its_phases_to_the_next_attempt() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(&server, &json!({})).await;
    let first = claim(&server).await;
    phases(&server, &first, &[(1, "image_pull", "started")]).await;
    phases(
        &server,
        &first,
        &[(1, "image_pull", "completed"), (2, "compose_up", "started")],
    )
    .await;
    server.clock.advance_ms(31_000);
    assert_eq!(server.reap().await, 1);
    let status = get(&server, "1/status").await;
    assert_eq!(status["status"], "pending", "it is to be done again");
    assert_eq!(status["creation_steps"][1]["status"], "error");

    let second = claim(&server).await;
    assert_eq!(
        (&second["id"], &second["attempt"]),
        (&first["id"], &json!(2))
    );
    let parts = second["parts"].as_array().expect("parts");
    let stages = parts
        .iter()
        .map(|part| (part["name"].clone(), part["stage"].clone()));
    let stages: Vec<_> = stages.collect();
    assert_eq!(
        stages,
        [
            (json!("image_pull"), json!("completed")),
            (json!("compose_up"), json!("interrupted"))
        ]
    );
    // What the first one says now is refused, and changes nothing.
    let late = json!({"executor": "docker-1", "token": first["token"], "outcome": applied("late")});
    let path = format!("/api/runs/{}/outcome", first["id"].as_str().expect("an id"));
    server.put(&path, &late).problem(404).await;
    assert_eq!(get(&server, "1").await["revision"], json!(null));

    phases(&server, &second, &[(3, "compose_up", "started")]).await;
    phases(&server, &second, &[(3, "compose_up", "completed")]).await;
    report(&server, &second, &applied("1")).await;
    // Killed between its outcome and its result: reported again, it is the same revision.
    server.clock.advance_ms(31_000);
    assert_eq!(server.reap().await, 1);
    let third = claim(&server).await;
    report(&server, &third, &applied("1")).await;
    finish(&server, &third, "completed", None).await;
    let revisions = get(&server, "1/revisions").await;
    assert_eq!(
        revisions.as_array().expect("a list").len(),
        1,
        "{revisions}"
    );
    assert_eq!(get(&server, "1").await["status"], "running");
}

#[tokio::test]
async fn an_operation_whose_executors_are_lost_too_often_ends_as_an_error() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(&server, &json!({})).await;
    for number in 1..=3 {
        let run = claim(&server).await;
        phases(&server, &run, &[(number, "compose_up", "started")]).await;
        server.clock.advance_ms(31_000);
        assert_eq!(server.reap().await, 1);
    }
    let status = get(&server, "1/status").await;
    assert_eq!(
        (&status["status"], &status["error_step"]),
        (&json!("error"), &json!("compose_up"))
    );
    assert!(
        status["error_message"]
            .as_str()
            .expect("a text")
            .contains("lost"),
        "{status}"
    );
    assert_eq!(claim_as(&server, "docker-1").await, json!(null));
}

#[tokio::test]
async fn operations_are_for_executors_that_reach_their_playroom() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(&server, &json!({})).await;
    let other = json!({"slots": 1, "version": "1", "isolation": "none", "kinds": ["operation"],
        "playrooms": [{"name": "other", "engine_id": "engine-2"}]});
    server
        .put("/api/executors/docker-2", &other)
        .json(200)
        .await;
    assert_eq!(claim_as(&server, "docker-2").await, json!(null));
    // One that names a plugin as a playroom is called gets nothing either.
    let plugin = json!({"slots": 1, "version": "1", "isolation": "none", "kinds": ["operation"],
        "plugins": [{"name": "local", "enabled": true}]});
    server
        .put("/api/executors/docker-3", &plugin)
        .json(200)
        .await;
    assert_eq!(claim_as(&server, "docker-3").await, json!(null));
    claim(&server).await;
}

#[tokio::test]
async fn a_cancelled_operation_is_an_error_that_says_so() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    let made = make(&server, &json!({})).await;
    let path = format!(
        "/api/runs/{}",
        made["operation_id"].as_str().expect("an id")
    );
    server
        .post(&format!("{path}/cancel"), &json!({}))
        .json(200)
        .await;
    let found = get(&server, "1").await;
    assert_eq!(found["status"], "error");
    assert_eq!(
        found["error_message"],
        "the operation (create) was cancelled"
    );
    // It is asked for again on the playground, as it is then.
    server
        .post(&format!("{path}/retry"), &json!({}))
        .problem(409)
        .await;
}
