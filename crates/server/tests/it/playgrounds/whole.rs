//! A playground from its making to its end.

use serde_json::{Value, json};

use super::{
    applied, ask, claim, finish, get, make, perform, phases, register, removed, report, running,
};
use crate::{database::on_both, stream::Messages, test_server::TestServer};

on_both!(a_playground_goes_from_its_making_to_its_end);

async fn a_playground_goes_from_its_making_to_its_end() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    let branch = json!({"services": {"web": {"git_config": {"branch_name": "feature/auth"}}},
        "env_overrides": {"DATABASE_URL": "postgres://db/myapp"}});
    let made = make(&server, &branch).await;
    assert_eq!(made["status"], "pending");
    assert_eq!(get(&server, "1/status").await["queue_position"], 1);

    let run = claim(&server).await;
    assert_eq!(run["name"], "create");
    let input = &run["input"];
    assert_eq!(input["playground"]["project"], "pg-1-feature-auth");
    assert_eq!(
        input["sources"]["services"]["web"]["git_config"]["branch_name"],
        "feature/auth"
    );
    assert_eq!(input["sources"]["playspec_services"][0]["name"], "web");
    phases(&server, &run, &[(1, "image_pull", "started")]).await;
    phases(
        &server,
        &run,
        &[(1, "image_pull", "completed"), (2, "compose_up", "started")],
    )
    .await;
    insta::assert_snapshot!(
        "in_progress",
        server
            .get("/api/playgrounds/feature-auth/status")
            .shown()
            .await
    );
    phases(&server, &run, &[(2, "compose_up", "completed")]).await;
    report(&server, &run, &applied("1")).await;
    server.clock.advance_ms(60_000);
    finish(&server, &run, "completed", None).await;
    let shown = server.get("/api/playgrounds/1").shown().await;
    // Drawn at random.
    let shown = shown
        .lines()
        .filter(|line| !line.contains("internal_password"));
    let shown: Vec<&str> = shown.collect();
    insta::assert_snapshot!("running", shown.join("\n"));
    let list = server.get("/api/playgrounds").shown().await;
    insta::assert_snapshot!("list", list);
    let status = get(&server, "1/status").await;
    assert_eq!(
        (&status["status"], &status["creation_step"]),
        (&json!("running"), &json!("completed"))
    );

    let gone = server.delete("/api/playgrounds/1").await;
    assert_eq!(gone.status, 202);
    assert_eq!(gone.json(202).await["status"], "destroying");
    assert_eq!(get(&server, "1").await["status"], "destroying");
    // Asked for again, it is the same.
    assert_eq!(server.delete("/api/playgrounds/1").status().await, 202);
    let run = perform(&server, &removed()).await;
    assert_eq!(run["input"]["unless_dirty"], Value::Null);
    let refused = server.get("/api/playgrounds/1").json(404).await;
    assert_eq!(refused["error"]["code"], "RESOURCE_NOT_FOUND");
    let types = events(&server, 3).await;
    assert_eq!(
        types,
        [
            "playground.created",
            "playground.creation.completed",
            "playground.destroyed"
        ]
    );
}

/// The types of the first events about playgrounds.
pub(super) async fn events(server: &TestServer, count: usize) -> Vec<String> {
    let answer = server.get("/api/events?kind=playground&after=0").await;
    let found = Messages::of(answer).take(count).await;
    found.into_iter().map(|message| message.event).collect()
}

#[tokio::test]
async fn two_operations_at_once_are_one() {
    let server = running(&json!({})).await;
    let (one, two) = tokio::join!(ask(&server, "1/rollout"), ask(&server, "1/hard_restart"));
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let refused = if one.status == 409 { one } else { two };
    let refused = refused.json(409).await;
    assert_eq!(refused["error"]["code"], "CONFLICT");
    let run = claim(&server).await;
    assert_eq!(refused["error"]["details"]["operation_id"], run["id"]);
    assert_eq!(ask(&server, "1/stop").status().await, 409);
    let patch = json!({"playground": {"name": "other"}}).to_string();
    assert_eq!(
        server
            .send(http::Method::PATCH, "/api/playgrounds/1", patch)
            .status()
            .await,
        409
    );
}

#[tokio::test]
async fn a_failed_operation_says_why_and_what_to_do() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    make(&server, &json!({})).await;
    let run = claim(&server).await;
    phases(&server, &run, &[(1, "image_pull", "started")]).await;
    phases(&server, &run, &[(1, "image_pull", "failed")]).await;
    let failure = json!({"category": "image_pull_not_found", "step": "image_pull",
        "message": "the image example/web:1 does not exist", "failed_service": "web",
        "lines": ["manifest unknown"], "next_actions": ["check the image's name and tag"]});
    report(&server, &run, &json!({"failure": failure})).await;
    finish(&server, &run, "failed", Some("a shorter text")).await;
    let status = get(&server, "1/status").await;
    assert_eq!(status["status"], "error");
    assert_eq!(
        status["error_message"],
        "the image example/web:1 does not exist"
    );
    assert_eq!(status["error_step"], "image_pull");
    assert_eq!(status["error_step_label"], "Pulling Images");
    assert_eq!(
        status["error_details"]["next_actions"][0],
        "check the image's name and tag"
    );
    assert_eq!(status["creation_steps"][0]["status"], "error");
    // Asked for again, it goes on, and the message is gone.
    let again = ask(&server, "1/retry_compose").json(200).await;
    assert_eq!(
        (&again["status"], &again["error_message"]),
        (&json!("pending"), &Value::Null)
    );
    perform(&server, &applied("1")).await;
    assert_eq!(get(&server, "1").await["status"], "running");
}
