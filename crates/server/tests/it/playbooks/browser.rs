//! What steps of a browser keep on the server: states of browsers, expected pictures, reports of earlier attempts.

use std::fs;

use axum::body::Body;
use http::Method;
use serde_json::{Value, json};

use super::{executions::claim, library, text};
use crate::{access::Keyed, database::on_both, test_server::TestServer};

on_both!(
    states_are_saved_by_the_owner_of_a_lease_and_deleted_by_age,
    pictures_stay_beside_their_playbook,
    artefacts_are_fetched_by_the_owner_of_the_lease,
);

const VISIT: &str = "\
name: Visit
version: '1.0'
parameters: [{name: state, type: string, default: given}]
steps:
  - {id: load, name: Load, type: browser.load_state, parameters: {name: plant}}
  - {id: same, name: Same, type: browser.compare_screenshot, parameters: {baseline_name: front}}
";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const DAY_MS: i64 = 24 * 3_600_000;

/// A server with an execution that `player` has claimed; its id and the query of its lease.
async fn visited() -> (TestServer, String, String) {
    let server = library(&[("a/visit.yaml", VISIT), ("other.yaml", VISIT)]).await;
    let start = json!({"playbook_path": "a/visit.yaml"});
    server.post("/api/executions", &start).json(200).await;
    let run = claim(&server).await;
    let query = format!("executor=player&token={}", run["token"]);
    (server, text(&run["id"]), query)
}

async fn states_are_saved_by_the_owner_of_a_lease_and_deleted_by_age() {
    let (server, id, query) = visited().await;
    let path = |name: &str, query: &str| format!("/api/runs/{id}/browser-states/{name}?{query}");
    let put = |path: String, body: Vec<u8>| server.send(Method::PUT, &path, body).status();
    let state = br#"{"cookies":[{"value":"opensesame"}]}"#;
    assert_eq!(server.get(&path("plant", &query)).status().await, 404);
    for (name, query, status) in [
        ("plant", query.as_str(), 204),
        ("given", &query, 204),
        ("other", &query, 403),
        ("pl%2Fant", &query, 403),
        ("%00", &query, 400),
        ("plant", "executor=player&token=99", 404),
        ("plant", "executor=thief&token=1", 404),
        ("plant", "executor=player", 400),
        ("plant", "executor=player&token=x", 400),
    ] {
        let saved = put(path(name, query), state.to_vec()).await;
        assert_eq!(saved, status, "{name} {query}");
    }
    assert_eq!(
        put(path("plant", &query), vec![b' '; (4 << 20) + 1]).await,
        413
    );
    let loaded = server.get(&path("plant", &query)).await;
    assert_eq!(loaded.headers["content-type"], "application/json");
    assert_eq!(loaded.bytes().await.as_ref(), state);
    for (name, query, status) in [
        ("other", query.as_str(), 403),
        ("plant", "executor=thief&token=1", 404),
    ] {
        let refused = server.get(&path(name, query)).status().await;
        assert_eq!(refused, status, "{name} {query}");
    }
    let listed = server.get("/api/browser-states").json(200).await;
    let one =
        |name: &str| json!({"name": name, "run_id": id, "saved_at": "2024-01-01T12:00:00.000Z"});
    assert_eq!(listed, json!([one("given"), one("plant")]));
    for (name, status) in [("given", 204), ("given", 404), ("..%2Fplant", 404)] {
        let deleted = server.delete(&format!("/api/browser-states/{name}"));
        assert_eq!(deleted.status().await, status, "{name}");
    }
    server.clock.advance_ms(89 * DAY_MS);
    server.server.retain().await.expect("a tick");
    let listed = server.get("/api/browser-states").json(200).await;
    assert_eq!(listed.as_array().map(Vec::len), Some(1), "{listed}");
    server.clock.advance_ms(2 * DAY_MS);
    server.server.retain().await.expect("a tick");
    let listed = server.get("/api/browser-states").json(200).await;
    assert_eq!(listed, json!([]));
}

async fn pictures_stay_beside_their_playbook() {
    let (server, id, query) = visited().await;
    let get =
        |name: &str, query: &str| server.get(&format!("/api/runs/{id}/baselines/{name}?{query}"));
    let own = format!("{query}&playbook=a/visit.yaml");
    assert_eq!(get("front", &own).status().await, 204);
    let secret = server.dir().join("data/playbooks/secret.png");
    fs::write(&secret, PNG).expect("written");
    for (name, more, status) in [
        ("..%2F..%2Fsecret", "playbook=a/visit.yaml", 400),
        ("a%2Fb", "playbook=a/visit.yaml", 400),
        ("front", "playbook=other.yaml", 400),
        ("front", "playbook=..%2Fa%2Fvisit.yaml", 400),
        ("front", "", 400),
    ] {
        let refused = get(name, &format!("{query}&{more}")).status().await;
        assert_eq!(refused, status, "{name} {more}");
    }
    let thief = "executor=thief&token=1&playbook=a/visit.yaml";
    assert_eq!(get("front", thief).status().await, 404);

    let accept = |name: &str, body: Value| {
        server.post(&format!("/api/executions/{id}/baselines/{name}"), &body)
    };
    let seen = |name: &str, content: &[u8]| {
        let path = format!("/api/runs/{id}/artifacts/baselines/{name}/actual.png?{query}");
        server
            .send(Method::PUT, &path, Body::from(content.to_vec()))
            .status()
    };
    assert_eq!(accept("front", json!({})).status().await, 404);
    assert!(seen("front", PNG).await < 300 && seen("text", b"<svg/>").await < 300);
    for (name, body, status) in [
        ("text", json!({}), 400),
        ("..%2Ffront", json!({}), 404),
        ("front", json!({"playbook": "other.yaml"}), 400),
        ("front", json!({"playbook": 7}), 400),
    ] {
        let refused = accept(name, body.clone()).status().await;
        assert_eq!(refused, status, "{name} {body}");
    }
    let accepted = accept("front", json!({})).json(200).await;
    assert_eq!(
        accepted,
        json!({"path": "a/visit.baselines/front.png", "size_bytes": PNG.len()})
    );
    let picture = get("front", &own).await;
    assert_eq!(picture.headers["content-type"], "image/png");
    assert_eq!(picture.bytes().await, PNG);
    // A link leads nowhere.
    let folder = server.dir().join("data/playbooks/a/visit.baselines");
    std::os::unix::fs::symlink(&secret, folder.join("link.png")).expect("a link");
    assert!(get("link", &own).status().await >= 400);
}

async fn artefacts_are_fetched_by_the_owner_of_the_lease() {
    let (server, id, _) = visited().await;
    let keyed = Keyed::on(server).await;
    let player = keyed.key("player", "executor").await;
    let path = format!("/api/runs/{id}/artifacts/report.html");
    let owned = format!("{path}?executor=player&token=1");
    let put = keyed.send(&player, Method::PUT, &owned, "<p>");
    assert!(put.status().await < 300);
    assert_eq!(
        keyed.get(&player, &owned).await.bytes().await.as_ref(),
        b"<p>"
    );
    for path in [
        path.clone(),
        format!("{path}?executor=player&token=2"),
        format!("{path}?executor=player"),
    ] {
        assert_eq!(keyed.get(&player, &path).status().await, 404, "{path}");
    }
    assert_eq!(keyed.get(&keyed.admin, &path).status().await, 200);
    let wrong = format!("{path}?token=x");
    assert_eq!(keyed.get(&keyed.admin, &wrong).status().await, 400);
    for (role, list, delete, accept) in [
        ("user", 200, 403, 404),
        ("readonly", 200, 403, 403),
        ("executor", 403, 403, 403),
    ] {
        let key = keyed.key(role, role).await;
        let found = keyed.get(&key, "/api/browser-states").status().await;
        assert_eq!(found, list, "{role}");
        let path = "/api/browser-states/plant";
        let deleted = keyed.send(&key, Method::DELETE, path, "").status().await;
        assert_eq!(deleted, delete, "{role}");
        let path = format!("/api/executions/{id}/baselines/front");
        let accepted = keyed.post(&key, &path, &json!({})).status().await;
        assert_eq!(accepted, accept, "{role}");
    }
}
