//! Docker hosts, and the executors that reach them.

use http::Method;
use serde_json::json;

use super::{make, new, playspec, register, registration};
use crate::test_server::TestServer;

#[tokio::test]
async fn the_local_one_is_there_and_says_what_is_missing() {
    let server = TestServer::open().await;
    let rooms = server.get("/api/playrooms").json(200).await;
    assert_eq!(
        (&rooms[0]["name"], &rooms[0]["status"]),
        (&json!("local"), &json!("error"))
    );
    let message = rooms[0]["error_message"].as_str().expect("a text");
    assert!(
        message.contains("no executor reaches the Docker engine of playroom `local`"),
        "{message}"
    );
    let broken = json!({"slots": 1, "version": "1", "isolation": "none", "kinds": ["operation"],
        "playrooms": [{"name": "local", "error": "Docker is not there: apt-get install docker.io"}]});
    server
        .put("/api/executors/docker-1", &broken)
        .json(200)
        .await;
    let room = server.get("/api/playrooms/local").json(200).await;
    assert_eq!(
        room["error_message"],
        "executor `docker-1`: Docker is not there: apt-get install docker.io"
    );
    make(&server, &json!({})).await;
    let status = server.get("/api/playgrounds/1/status").json(200).await;
    assert_eq!(status["state_reason"], room["error_message"]);
    let test = server
        .post("/api/playrooms/1/test_connection", &json!({}))
        .json(200)
        .await;
    assert_eq!(
        (&test["success"], &test["checks"]["docker"]["success"]),
        (&json!(false), &json!(false))
    );

    register(&server, "docker-1").await;
    assert_eq!(
        server.get("/api/playrooms/1").json(200).await["status"],
        "active"
    );
    let test = server
        .post("/api/marquees/1/test_connection", &json!({}))
        .json(200)
        .await;
    assert_eq!(test["checks"]["docker"]["details"]["version"], "28.0.4");
    let status = server.get("/api/playgrounds/1/status").json(200).await;
    assert_eq!(status["state_reason"], json!(null));
}

#[tokio::test]
async fn a_playroom_has_one_engine_at_a_time() {
    let server = TestServer::open().await;
    register(&server, "docker-1").await;
    let other = server
        .put("/api/executors/docker-2", &registration("engine-2"))
        .json(200)
        .await;
    let error = other["playrooms"][0]["error"].as_str().expect("an error");
    assert!(error.contains("`docker-1`"), "{error}");
    // The same engine through another executor is the same playroom.
    let same = server
        .put("/api/executors/docker-2", &registration("engine-1"))
        .json(200)
        .await;
    assert_eq!(same["playrooms"][0]["error"], json!(null));
    // Long after the first ones were heard of, the engine may be a new one.
    server.clock.advance_ms(120_000);
    let new = server
        .put("/api/executors/docker-3", &registration("engine-3"))
        .json(200)
        .await;
    assert_eq!(new["playrooms"][0]["error"], json!(null));
}

#[tokio::test]
async fn playrooms_are_made_changed_and_deleted() {
    let server = TestServer::open().await;
    let new_room = json!({"playroom": {"name": "big-host", "domains_input": "play.example, b.example",
        "policy": {"privileged": true}}});
    let made = server.post("/api/playrooms", &new_room).json(201).await;
    assert_eq!(
        (&made["id"], &made["domains"]),
        (&json!(2), &json!(["play.example", "b.example"]))
    );
    assert_eq!(made["policy"]["privileged"], true);
    let taken = server.post("/api/playrooms", &new_room).json(422).await;
    assert_eq!(
        taken["error"]["details"]["name"],
        json!(["has already been taken"])
    );
    for wrong in [
        json!({"domains_input": "not a domain"}),
        json!({"status": "odd"}),
        json!({"policy": {"privileged": 7}}),
        json!({"name": ""}),
    ] {
        let body = json!({"playroom": wrong}).to_string();
        server
            .send(Method::PATCH, "/api/playrooms/2", body)
            .json(422)
            .await;
    }
    let body = json!({"playroom": {"status": "disabled", "name": "Big host"}}).to_string();
    let changed = server
        .send(Method::PATCH, "/api/marquees/big-host", body)
        .json(200)
        .await;
    assert_eq!(
        (&changed["status"], &changed["name"], &changed["key"]),
        (&json!("disabled"), &json!("Big host"), &json!("big-host"))
    );
    let spec = playspec(&server).await;
    let body = new(spec, &json!({"playroom_id": "Big host"}));
    let refused = server.post("/api/playgrounds", &body).json(422).await;
    assert_eq!(
        refused["error"]["details"]["playroom_id"],
        json!(["is disabled"])
    );
    let body = new(spec, &json!({"marquee_id": 1}));
    server.post("/api/playgrounds", &body).json(201).await;
    assert_eq!(
        server.delete("/api/playrooms/1").json(409).await["error"]["code"],
        "CONFLICT"
    );
    assert_eq!(server.delete("/api/playrooms/2").status().await, 204);
    server.get("/api/playrooms/2").json(404).await;
}
