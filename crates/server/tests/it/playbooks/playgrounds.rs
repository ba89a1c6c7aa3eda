//! Playgrounds of steps: made once, waited for without polls, destroyed whatever dies in between.

use http::Method;
use serde_json::{Value, json};

use super::{executions::claim, library, text};
use crate::{
    database::on_both,
    playgrounds::{applied, finish, perform, playspec, register, removed, service},
    test_server::{TestServer, smallest},
};

const PLAYBOOK: &str = "name: Makes\nversion: '1'\nsteps:\n  \
    - {id: env, name: Env, type: playground.create, parameters: {playspec: My Web Stack}}\n\
    finally:\n  - {id: down, name: Down, type: playground.destroy}\n";

on_both!(
    a_playground_is_made_once_and_its_end_wakes,
    a_destroy_waits_for_what_runs_and_outlives_a_cancel,
    news_of_services_wakes_who_waits_for_them,
    another_try_goes_on_with_the_same_playground,
    a_command_is_in_no_history_and_is_started_once,
    a_job_in_a_playground_waits_for_an_executor_there,
);

/// A server with an executor of a playroom, and an execution that is performed by another one.
async fn started() -> (TestServer, String, Value) {
    let server = library(&[("makes.yaml", PLAYBOOK)]).await;
    register(&server, "docker-1").await;
    playspec(&server).await;
    let start = json!({"playbook_path": "makes.yaml"});
    let started = server.post("/api/executions", &start).json(200).await;
    let run = claim(&server).await;
    begin(&server, &run, (1, 1)).await;
    (server, text(&started["execution_id"]), run)
}

/// A try of a part begins.
async fn begin(server: &TestServer, run: &Value, (part, tries): (i64, i64)) {
    let part = json!({"number": part, "name": format!("part-{part}"), "stage": "started", "tries": tries,
        "abandons": tries > 1, "body": {"name": "Part", "type": "playground.create"}});
    let body = json!({"executor": "player", "token": run["token"], "parts": [part]});
    let path = format!("/api/runs/{}/parts", text(&run["id"]));
    server.post(&path, &body).json(200).await;
}

fn asked(run: &Value, (part, tries): (i64, i64), request: &Value) -> Value {
    json!({"executor": "player", "token": run["token"], "part": part, "tries": tries, "step": "env",
        "request": request})
}

fn path(run: &Value) -> String {
    format!("/api/runs/{}/playgrounds", text(&run["id"]))
}

async fn ask(server: &TestServer, run: &Value, of: (i64, i64), request: &Value) -> Value {
    let body = asked(run, of, request);
    server.post(&path(run), &body).json(200).await
}

fn create() -> Value {
    json!({"action": "create", "playground": {"name": "one", "playspec_id": "My Web Stack"},
        "ttl_ms": 3_600_000})
}

fn destroy() -> Value {
    json!({"action": "destroy"})
}

/// The executor lets the run wait for news of a playground.
async fn park(server: &TestServer, run: &Value) -> u16 {
    let body = json!({"executor": "player", "token": run["token"], "wait_for": "playground",
        "timeout_ms": 600_000, "seen": run["signals"]["generation"]});
    let path = format!("/api/runs/{}/park", text(&run["id"]));
    server.post(&path, &body).status().await
}

async fn status(server: &TestServer, id: &str) -> String {
    let run = server.get(&format!("/api/runs/{id}")).json(200).await;
    text(&run["status"])
}

async fn playgrounds(server: &TestServer) -> Vec<Value> {
    let all = server.get("/api/playgrounds").json(200).await;
    all.as_array().expect("a list").clone()
}

async fn cancel(server: &TestServer, id: &str) {
    let path = format!("/api/runs/{id}/cancel");
    server.send(Method::POST, &path, "").json(200).await;
}

async fn a_playground_is_made_once_and_its_end_wakes() {
    let (server, id, run) = started().await;
    let first = ask(&server, &run, (1, 1), &create()).await;
    assert_eq!(first["operation"]["submitted"], true, "{first}");
    assert_eq!(first["playground"]["status"], "pending", "{first}");
    let expires = server.get("/api/playgrounds/1").json(200).await;
    assert!(expires["time_remaining"].as_f64().expect("a time") <= 3_600.0);
    // The executor dies between the commit and its answer; another one goes on.
    server.clock.advance_ms(25 * 60_000);
    server.reap().await;
    let run = claim(&server).await;
    let again = ask(&server, &run, (1, 1), &create()).await;
    assert_eq!(
        (&again["operation"]["id"], &again["operation"]["submitted"]),
        (&first["operation"]["id"], &json!(false))
    );
    assert_eq!(playgrounds(&server).await.len(), 1);
    assert_eq!(park(&server, &run).await, 204);
    let shown = server.get(&format!("/api/executions/{id}")).json(200).await;
    assert_eq!(
        (&shown["status"], &shown["waiting_for"]),
        (&json!("running"), &json!("playground"))
    );

    register(&server, "docker-1").await;
    perform(&server, &applied("1")).await;
    assert_eq!(status(&server, &id).await, "queued");
    let run = claim(&server).await;
    let ended = ask(&server, &run, (1, 1), &create()).await;
    assert_eq!(ended["operation"]["status"], "completed", "{ended}");
    let made = &ended["playground"];
    assert_eq!(made["status"], "running", "{ended}");
    assert_eq!(made["urls"]["web"], "http://web.localhost:8081");
    assert!(!ended.to_string().contains("planted-token"), "{ended}");
    // What has happened since the executor looked keeps the run from being parked.
    let mut early = run.clone();
    early["signals"]["generation"] = json!(0);
    ask(
        &server,
        &run,
        (2, 1),
        &json!({"action": "look", "playground": "one"}),
    )
    .await;
    let rollout = server.send(Method::POST, "/api/playgrounds/1/rollout", "");
    rollout.json(200).await;
    perform(&server, &applied("2")).await;
    assert_eq!(park(&server, &early).await, 409);
}

async fn a_destroy_waits_for_what_runs_and_outlives_a_cancel() {
    let (server, id, run) = started().await;
    ask(&server, &run, (1, 1), &create()).await;
    let operation = crate::playgrounds::claim(&server).await;
    cancel(&server, &id).await;
    let mut other = create();
    other["playground"]["name"] = json!("three");
    let refused = server
        .post(&path(&run), &asked(&run, (3, 1), &other))
        .status()
        .await;
    assert_eq!(refused, 409, "a cancelled run takes no children");
    let waits = ask(&server, &run, (2, 1), &destroy()).await;
    assert_eq!(waits["after"], operation["id"], "{waits}");
    assert_eq!(waits["cancelled"], true, "{waits}");
    // It ends in any case: its time is over now.
    let left = server.get("/api/playgrounds/1").json(200).await;
    assert_eq!(left["time_remaining"], 0.0, "{left}");

    finish(&server, &operation, "failed", Some("cancelled")).await;
    let begun = ask(&server, &run, (2, 1), &destroy()).await;
    assert_eq!(begun["playground"]["status"], "destroying", "{begun}");
    let again = ask(&server, &run, (2, 1), &destroy()).await;
    assert_eq!(
        again["after"], begun["operation"]["id"],
        "one operation: {again}"
    );
    // What a cancel, or the end of a part, does to children it does not do to this.
    cancel(&server, &id).await;
    let part = json!({"number": 2, "name": "part-2", "stage": "started", "tries": 2, "abandons": true,
        "body": {"name": "Part", "type": "playground.destroy"}});
    let body = json!({"executor": "player", "token": run["token"], "parts": [part]});
    let parts = format!("/api/runs/{id}/parts");
    server.post(&parts, &body).json(200).await;
    let operation = perform(&server, &removed()).await;
    assert_eq!(operation["id"], begun["operation"]["id"]);
    let gone = ask(&server, &run, (2, 2), &destroy()).await;
    assert_eq!(gone["playground"], Value::Null, "{gone}");
    assert_eq!(playgrounds(&server).await, Vec::<Value>::new());
    let named = json!({"action": "destroy", "playground": "one"});
    let gone = ask(&server, &run, (2, 2), &named).await;
    assert_eq!(
        gone["playground"],
        Value::Null,
        "one that is gone is fine: {gone}"
    );
}

async fn news_of_services_wakes_who_waits_for_them() {
    let (server, id, run) = started().await;
    ask(&server, &run, (1, 1), &create()).await;
    let operation = perform(&server, &applied("1")).await;
    let run = match status(&server, &id).await.as_str() {
        "queued" => claim(&server).await,
        _ => run,
    };
    begin(&server, &run, (2, 1)).await;
    // The end of the creation raised the generation of what the executor knows.
    let mut run = run;
    let look = json!({"action": "look", "playground": "1"});
    let seen = ask(&server, &run, (2, 1), &look).await;
    assert_eq!(
        seen["playground"]["services"][0]["health"], "healthy",
        "{seen}"
    );
    run["signals"]["generation"] = json!(1);
    assert_eq!(park(&server, &run).await, 204);
    let report = |status: &str| {
        json!({"playgrounds": [{"id": 1, "last_operation": operation["id"],
            "services": [service("web", status), service("db", "running")]}]})
    };
    let observe = "/api/executors/docker-1/playgrounds";
    server.post(observe, &report("exited")).json(200).await;
    assert_eq!(status(&server, &id).await, "queued");
    let run = claim(&server).await;
    let seen = ask(&server, &run, (2, 1), &look).await;
    assert_eq!(
        seen["playground"]["services"][0]["status"], "exited",
        "{seen}"
    );
    // A look at one that does not exist is an error.
    let body = asked(
        &run,
        (2, 1),
        &json!({"action": "look", "playground": "none"}),
    );
    assert_eq!(server.post(&path(&run), &body).status().await, 404);
}

async fn another_try_goes_on_with_the_same_playground() {
    let (server, _, run) = started().await;
    let first = ask(&server, &run, (1, 1), &create()).await;
    let operation = crate::playgrounds::claim(&server).await;
    finish(&server, &operation, "failed", Some("no such image")).await;
    let failed = ask(&server, &run, (1, 1), &create()).await;
    assert_eq!(failed["operation"]["status"], "failed", "{failed}");
    assert_eq!(failed["operation"]["outcome"]["error"], "no such image");
    begin(&server, &run, (1, 2)).await;
    let second = ask(&server, &run, (1, 2), &create()).await;
    assert_eq!(second["again"], true, "{second}");
    assert_eq!(second["playground"]["id"], first["playground"]["id"]);
    assert_ne!(second["operation"]["id"], first["operation"]["id"]);
    assert_eq!(playgrounds(&server).await.len(), 1);
    // Another step that wants the same name, as after a retry of the execution, waits and goes on with it too.
    begin(&server, &run, (2, 1)).await;
    let waits = ask(&server, &run, (2, 1), &create()).await;
    assert_eq!(waits["after"], second["operation"]["id"], "{waits}");
    perform(&server, &applied("1")).await;
    let third = ask(&server, &run, (2, 1), &create()).await;
    assert_eq!(third["again"], true, "{third}");
    // A playground of somebody else keeps its name.
    let theirs = json!({"playground": {"name": "two", "playspec_id": "My Web Stack",
        "service_subdomains": {"web": "other"}}});
    server.post("/api/playgrounds", &theirs).json(201).await;
    let mut taken = create();
    taken["playground"]["name"] = json!("two");
    begin(&server, &run, (3, 1)).await;
    let refused = server.post(&path(&run), &asked(&run, (3, 1), &taken)).await;
    assert_eq!(refused.status, 422);
    assert!(refused.text().await.contains("already been taken"));
}

async fn a_command_is_in_no_history_and_is_started_once() {
    let (server, _, run) = started().await;
    ask(&server, &run, (1, 1), &create()).await;
    perform(&server, &applied("1")).await;
    begin(&server, &run, (2, 1)).await;
    let exec = json!({"action": "exec", "playground": "one", "timeout_ms": 5_000,
        "env": {"TOKEN": "planted-secret"},
        "command": {"service": "web", "argv": ["true"], "secret_env": ["TOKEN"]}});
    let asked = ask(&server, &run, (2, 1), &exec).await;
    assert_eq!(asked["operation"]["submitted"], true, "{asked}");
    let history = server.get("/api/playgrounds/1/operations").json(200).await;
    assert!(!history.to_string().contains("exec"), "{history}");
    let shown = server.get("/api/playgrounds/1").json(200).await;
    assert_eq!(
        (&shown["operation"], &shown["status"]),
        (&json!("create"), &json!("running"))
    );
    // Something else may be done at the same time.
    let rollout = server.send(Method::POST, "/api/playgrounds/1/rollout", "");
    rollout.json(200).await;
    let command = crate::playgrounds::claim(&server).await;
    assert_eq!(
        command["input"]["command"]["argv"],
        json!(["true"]),
        "{command}"
    );
    assert!(!command.to_string().contains("planted-secret"));
    let secrets = json!({"executor": "docker-1", "token": command["token"], "name": "@playground"});
    let opened = format!("/api/runs/{}/credentials", text(&command["id"]));
    let opened = server.post(&opened, &secrets).json(200).await;
    assert_eq!(
        opened["fields"]["env_overrides"]["TOKEN"], "planted-secret",
        "{opened}"
    );
    // Its executor dies: it is not started again.
    server.clock.advance_ms(25 * 60_000);
    server.reap().await;
    let ended = server
        .get(&format!("/api/runs/{}", text(&command["id"])))
        .json(200)
        .await;
    assert_eq!(ended["status"], "failed", "{ended}");
}

async fn a_job_in_a_playground_waits_for_an_executor_there() {
    let (server, _, run) = started().await;
    ask(&server, &run, (1, 1), &create()).await;
    begin(&server, &run, (2, 1)).await;
    let job = json!({"executor": "player", "token": run["token"], "part": 2, "tries": 1, "step": "job",
        "kind": "job", "playground": "one",
        "submission": smallest()});
    let children = format!("/api/runs/{}/children", text(&run["id"]));
    let early = server.post(&children, &job).await;
    assert_eq!(early.status, 422, "its services do not run yet");
    perform(&server, &applied("1")).await;
    let child = server.post(&children, &job).json(200).await;
    // It is for executors of the playroom.
    server.claims_nothing("elsewhere").await;
    let claim = json!({"claim": {"kinds": ["job", "operation"], "max": 1}});
    let exchange = "/api/executors/docker-1/exchange";
    let claimed = server.post(exchange, &claim).json(200).await["runs"][0].clone();
    assert_eq!(claimed["id"], child["id"], "{claimed}");
    let playground = &claimed["input"]["playground"];
    assert_eq!(
        (&playground["id"], &playground["playroom"]),
        (&json!(1), &json!("local"))
    );
    assert_eq!(playground["urls"]["web"], "http://web.localhost:8081");
}
