//! What is wanted changes, is applied, planned, and taken back.

use http::Method;
use serde_json::{Value, json};

use super::{applied, ask, claim, finish, get, perform, phases, report, running};
use crate::test_server::TestServer;

async fn patch(server: &TestServer, path: &str, body: Value, status: u16) -> Value {
    let call = server.send(Method::PATCH, path, body.to_string());
    call.json(status).await
}

async fn change(server: &TestServer, fields: Value) -> Value {
    patch(
        server,
        "/api/playgrounds/1",
        json!({"playground": fields}),
        200,
    )
    .await
}

#[tokio::test]
async fn an_edited_playground_has_changes_until_a_rollout() {
    let server = running(&json!({"env_overrides": {"MODE": "dev"}})).await;
    let same = change(&server, json!({"env_overrides": {"MODE": "dev"}})).await;
    assert_eq!(
        (&same["status"], &same["needs_recreation"]),
        (&json!("running"), &json!(false))
    );
    let edited = change(
        &server,
        json!({"env_overrides": {"MODE": "test"}, "name": "renamed"}),
    )
    .await;
    assert_eq!(edited["status"], "has_changes");
    assert_eq!(
        (&edited["needs_recreation"], &edited["name"]),
        (&json!(true), &json!("renamed"))
    );
    assert_eq!(
        edited["compose_project"], "pg-1-feature-auth",
        "the project stays"
    );
    ask(&server, "renamed/rollout").json(200).await;
    perform(&server, &applied("2")).await;
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["needs_recreation"]),
        (&json!("running"), &json!(false))
    );

    // The playspec is edited: what runs is older, and the playground itself was not changed.
    let spec = json!({"playspec": {"base_compose_yaml": super::COMPOSE.replace("web:1", "web:2")}});
    patch(&server, "/api/playspecs/1", spec, 200).await;
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["needs_recreation"]),
        (&json!("running"), &json!(true))
    );
    let described = json!({"playspec": {"description": "For people"}});
    let before = patch(&server, "/api/playspecs/1", described, 200).await;
    assert_eq!(before["description"], "For people");
}

#[tokio::test]
async fn a_rollout_is_planned_and_changes_nothing() {
    let server = running(&json!({})).await;
    let asked = server.send(Method::POST, "/api/playgrounds/1/rollout?dry_run=1", "");
    let executor = async {
        let run = claim_soon(&server).await;
        assert_eq!(run["input"]["dry_run"], true);
        let plan = json!({"services": [{"name": "web", "action": "start_first"}]});
        report(&server, &run, &json!({"plan": plan, "applied": true})).await;
        finish(&server, &run, "completed", None).await;
    };
    let (answer, ()) = tokio::join!(asked.json(200), executor);
    assert_eq!(answer["plan"]["services"][0]["action"], "start_first");
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["operation"]),
        (&json!("running"), &json!("create"))
    );
    assert_eq!(found["revision"], 1);
}

#[tokio::test]
async fn what_has_no_plan_is_refused_and_not_done() {
    let server = running(&json!({})).await;
    let path = "/api/playgrounds/1/stop?dry_run=1";
    let refused = server.send(Method::POST, path, "").json(422).await;
    assert_eq!(refused["error"]["code"], "VALIDATION_FAILED");
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["operation"]),
        (&json!("running"), &json!("create"))
    );
}

/// Waits for an operation.
async fn claim_soon(server: &TestServer) -> Value {
    let body = json!({"claim": {"kinds": ["operation"], "max": 1, "wait_seconds": 50}});
    let answer = server
        .post("/api/executors/docker-1/exchange", &body)
        .json(200)
        .await;
    answer["runs"][0].clone()
}

#[tokio::test]
async fn revisions_are_kept_compared_and_gone_back_to() {
    let server = running(&json!({})).await;
    server
        .post("/api/playgrounds/1/rollback", &json!({}))
        .json(422)
        .await;
    change(&server, json!({"env_overrides": {"MODE": "test"}})).await;
    ask(&server, "1/rollout").json(200).await;
    perform(&server, &applied("2")).await;
    let revisions = get(&server, "1/revisions").await;
    assert_eq!(revisions[0]["revision"], 2);
    assert_eq!(
        (&revisions[0]["current"], &revisions[1]["current"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(revisions[0]["diff"]["images"], json!(["web"]));
    assert_eq!(
        revisions[0]["diff"]["compose"],
        json!(["-    image: example/web:1", "+    image: example/web:2"])
    );
    let unknown = server
        .post("/api/playgrounds/1/rollback", &json!({"revision": 7}))
        .json(422)
        .await;
    assert_eq!(
        unknown["error"]["details"]["revision"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let back = server
        .post("/api/playgrounds/1/rollback", &json!(null))
        .json(200)
        .await;
    assert_eq!(back["operation"], "rollback");
    let run = claim(&server).await;
    assert_eq!(run["input"]["revision"], 1);
    report(&server, &run, &applied("1")).await;
    finish(&server, &run, "completed", None).await;
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["revision"], &found["needs_recreation"]),
        (&json!(3), &json!(true))
    );
    let operations = get(&server, "1/operations").await;
    let actions: Vec<_> = operations
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| &one["action"])
        .collect();
    assert_eq!(actions, ["rollback", "rollout", "create"]);
}

#[tokio::test]
async fn a_failed_rollout_that_was_undone_says_so_and_what_ran_runs() {
    let server = running(&json!({})).await;
    ask(&server, "1/rollout").json(200).await;
    let run = claim(&server).await;
    phases(&server, &run, &[(1, "compose_rollout", "started")]).await;
    phases(&server, &run, &[(1, "compose_rollout", "failed")]).await;
    let failure = json!({"category": "service_exit", "message": "web exited", "undone": true});
    let services = applied("1")["services"].clone();
    report(
        &server,
        &run,
        &json!({"failure": failure, "services": services}),
    )
    .await;
    finish(&server, &run, "failed", Some("web exited")).await;
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["revision"]),
        (&json!("error"), &json!(1))
    );
    assert_eq!(found["error_details"]["undone"], true);
    assert_eq!(found["service_urls"][0]["running"], true);
    assert!(get(&server, "1/compose").await["compose_yaml"].is_string());
    assert_eq!(
        get(&server, "1/revisions").await.as_array().map(Vec::len),
        Some(1)
    );
}

#[tokio::test]
async fn statuses_that_do_not_allow_an_operation_say_which_do() {
    let server = running(&json!({})).await;
    let refused = ask(&server, "1/start").json(422).await;
    assert_eq!(refused["error"]["code"], "INVALID_STATE");
    assert_eq!(refused["error"]["details"]["current_status"], "running");
    assert_eq!(
        refused["error"]["details"]["allowed_statuses"],
        json!(["stopped"])
    );
    ask(&server, "1/stop").json(200).await;
    assert_eq!(get(&server, "1").await["status"], "stopping");
    perform(
        &server,
        &json!({"services": [super::service("web", "exited"), super::service("db", "exited")]}),
    )
    .await;
    assert_eq!(get(&server, "1").await["status"], "stopped");
    for path in ["1/rollout", "1/hard_restart", "1/extend_expiration"] {
        let refused = ask(&server, path).json(422).await;
        assert_eq!(
            refused["error"]["details"]["current_status"], "stopped",
            "{path}"
        );
    }
    ask(&server, "1/start").json(200).await;
    perform(&server, &json!({"services": applied("1")["services"]})).await;
    assert_eq!(get(&server, "1").await["status"], "running");
    ask(&server, "1/stop").json(200).await;
    perform(&server, &json!({})).await;
    let forced = server.post("/api/playgrounds/1/hard_restart", &json!({"force": true}));
    assert_eq!(forced.json(200).await["status"], "pending");
}

#[tokio::test]
async fn what_executors_see_changes_the_status() {
    let server = running(&json!({})).await;
    let operation = get(&server, "1").await["operation_id"].clone();
    let see = async |services: Value, operation: &Value| {
        let body =
            json!({"playgrounds": [{"id": 1, "last_operation": operation, "services": services}]});
        server
            .post("/api/executors/docker-1/playgrounds", &body)
            .json(200)
            .await
    };
    let down = json!([{"name": "web", "status": "exited", "running": false, "exit_code": 1},
        super::service("db", "running")]);
    let placed = see(down.clone(), &operation).await;
    assert_eq!(placed["playgrounds"][0]["project"], "pg-1-feature-auth");
    assert_eq!(
        placed["playgrounds"][0]["routes"],
        json!({"web": "172.30.0.2:3000"})
    );
    assert_eq!(placed["owners"]["local"].as_str().map(str::len), Some(36));
    let found = get(&server, "1").await;
    assert_eq!(
        (&found["status"], &found["error_message"]),
        (&json!("error"), &json!("service `web` exited with code 1"))
    );
    see(applied("1")["services"].clone(), &operation).await;
    assert_eq!(get(&server, "1").await["status"], "running");
    // What was seen before a newer operation, and what another executor says, is left out.
    see(down.clone(), &json!("018cc4e5-2200-7000-8000-0000000000ff")).await;
    let body = json!({"playgrounds": [{"id": 1, "services": down}]});
    server
        .post("/api/executors/stranger/playgrounds", &body)
        .json(200)
        .await;
    assert_eq!(get(&server, "1").await["status"], "running");
}
