//! Playbooks are written, deleted and marked; what they were is kept and compared.

use std::fs;

use http::Method;
use serde_json::{Value, json};

use super::{CHECKS, library, refusal, text};
use crate::{answer::Answer, test_server::TestServer};

const BROKEN: &str = "name: Broken\nversion: '1'\nsteps: [\n";
const PATH: &str = "/api/playbooks/gateway/checks.yaml";

async fn checks() -> TestServer {
    library(&[("gateway/checks.yaml", CHECKS)]).await
}

async fn put(server: &TestServer, path: &str, content: &str, if_match: Option<&str>) -> Answer {
    let headers: Vec<_> = if_match.into_iter().map(|tag| ("if-match", tag)).collect();
    let body = json!({"content": content}).to_string();
    server
        .with_headers(Method::PUT, path, &headers, &body)
        .await
}

fn on_disk(server: &TestServer, path: &str) -> Option<String> {
    fs::read_to_string(server.dir().join("data/playbooks").join(path)).ok()
}

fn tag(answer: &Answer) -> String {
    let tag = answer.headers["etag"].to_str();
    tag.expect("a text").to_owned()
}

async fn audited(server: &TestServer) -> Vec<Value> {
    let lines = server.get("/api/audit?limit=10").json(200).await;
    lines.as_array().expect("lines").clone()
}

#[tokio::test]
async fn a_playbook_is_replaced_only_by_those_who_saw_it() {
    let server = checks().await;
    let seen = server.get(PATH).await;
    let first = tag(&seen);
    let revision = text(&seen.json(200).await["revision"]);
    assert_eq!(first, format!("\"{revision}\""));
    let other = CHECKS.replace("Health checks", "Other checks");
    let needed = put(&server, PATH, &other, None).await.json(428).await;
    assert_eq!(refusal(&needed).0, "precondition_required");
    assert_eq!(needed["detail"]["details"]["revision"], json!(revision));
    let replaced = put(&server, PATH, &other, Some(&first)).await;
    let second = tag(&replaced);
    assert_eq!(replaced.json(200).await["name"], "Other checks");
    assert_eq!(on_disk(&server, "gateway/checks.yaml"), Some(other.clone()));
    let third = CHECKS.replace("Health checks", "Third checks");
    let late = put(&server, PATH, &third, Some(&first))
        .await
        .json(412)
        .await;
    assert_eq!(refusal(&late).0, "conflict");
    assert_eq!(on_disk(&server, "gateway/checks.yaml"), Some(other.clone()));
    // What changes nothing is no act.
    let before = audited(&server).await.len();
    put(&server, PATH, &other, Some(&second))
        .await
        .json(200)
        .await;
    assert_eq!(audited(&server).await.len(), before);
    let gone = "/api/playbooks/gone.yaml";
    put(&server, gone, CHECKS, Some("*")).await.json(412).await;
    assert_eq!(on_disk(&server, "gone.yaml"), None);
    // Of many at once with the same revision, one is there.
    let mut tries = Vec::new();
    for n in 0..8 {
        let text = CHECKS.replace("Health checks", &format!("Try {n}"));
        let (server, second) = (&server, &second);
        tries.push(async move { put(server, PATH, &text, Some(second)).await.status.as_u16() });
    }
    let mut done = futures_util::future::join_all(tries).await;
    done.sort_unstable();
    assert_eq!(done, [200, 412, 412, 412, 412, 412, 412, 412]);
}

#[tokio::test]
async fn what_cannot_be_read_is_not_written() {
    let server = checks().await;
    let refused = put(&server, PATH, BROKEN, Some("*")).await.json(400).await;
    let details = &refused["detail"]["details"];
    assert_eq!(details["path"], "gateway/checks.yaml");
    assert!(
        details["line"].is_u64() && details["column"].is_u64(),
        "{refused}"
    );
    assert_eq!(
        on_disk(&server, "gateway/checks.yaml").as_deref(),
        Some(CHECKS)
    );
    for path in ["..%2Fout.yaml", "new.txt", "a/.hidden.yaml"] {
        let path = format!("/api/playbooks/{path}");
        let refused = put(&server, &path, CHECKS, None).await.json(400).await;
        assert_eq!(refusal(&refused).0, "invalid_path", "{path}");
    }
    let made = put(&server, "/api/playbooks/new/deep/one.yaml", CHECKS, None).await;
    made.json(201).await;
    assert_eq!(
        on_disk(&server, "new/deep/one.yaml").as_deref(),
        Some(CHECKS)
    );
    let lines = audited(&server).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[0]["action"], "playbook.write");
    assert_eq!(
        lines[0]["target"],
        json!({"kind": "playbook", "id": "new/deep/one.yaml"})
    );
    let folder = fs::read_dir(server.dir().join("data/playbooks/new/deep")).expect("a folder");
    assert_eq!(folder.count(), 1, "nothing else is left");
}

#[tokio::test]
async fn what_a_playbook_was_can_be_read_and_compared() {
    let server = checks().await;
    server.get("/api/playbooks").json(200).await;
    server.clock.advance_ms(1_000);
    // Changed on disk, and started: it is kept as well.
    let second = CHECKS.replace("Health checks", "Second checks");
    let file = server.dir().join("data/playbooks/gateway/checks.yaml");
    fs::write(&file, &second).expect("a file");
    super::start(&server).await;
    server.clock.advance_ms(1_000);
    let third = second.replace("version: '1.0'", "version: '2.0'");
    put(&server, PATH, &third, Some("*")).await.json(200).await;
    let list = server.get(&format!("{PATH}/revisions")).json(200).await;
    let revisions = list["revisions"].as_array().expect("a list");
    let seen: Vec<_> = revisions.iter().map(|one| text(&one["seen_at"])).collect();
    assert_eq!(
        seen,
        [
            "2024-01-01T12:00:02Z",
            "2024-01-01T12:00:01Z",
            "2024-01-01T12:00:00Z"
        ]
    );
    let hash = |index: usize| text(&revisions[index]["revision"]);
    let current: Vec<_> = revisions.iter().map(|one| one["current"].clone()).collect();
    assert_eq!(current, [true, false, false]);
    let diff = server.get(&format!("{PATH}/diff")).json(200).await;
    assert_eq!(
        (&diff["from"], &diff["to"]),
        (&json!(hash(1)), &json!(hash(0)))
    );
    let changed = text(&diff["diff"]);
    assert!(
        changed.contains("-version: '1.0'\n+version: '2.0'\n"),
        "{changed}"
    );
    let wide = format!("{PATH}/diff?from={}&to={}", &hash(2)[..8], hash(1));
    let wide = text(&server.get(&wide).json(200).await["diff"]);
    assert!(
        wide.contains("-name: Health checks\n+name: Second checks\n"),
        "{wide}"
    );
    let encoded = format!(
        "/api/playbooks/gateway%2Fchecks.yaml/export?revision={}",
        hash(2)
    );
    let first = server.get(&encoded).json(200).await;
    assert_eq!(
        (&first["yaml_content"], &first["name"]),
        (&json!(CHECKS), &json!("Health checks"))
    );
    for wrong in ["abc", "0000000000", "zz"] {
        let path = format!("{PATH}/diff?from={wrong}");
        let refused = server.get(&path).json(400).await;
        assert_eq!(refused["detail"]["details"]["field"], "from", "{wrong}");
    }
    // Deleted, its revisions are there.
    let stale = server.with_headers(Method::DELETE, PATH, &[("if-match", "\"0\"")], "");
    stale.json(412).await;
    server.delete(PATH).json(200).await;
    server.get(PATH).json(404).await;
    let list = server.get(&format!("{PATH}/revisions")).json(200).await;
    assert_eq!(list["revisions"].as_array().map(Vec::len), Some(3));
    assert_eq!(list["revisions"][0]["current"], false);
    let none = server
        .get("/api/playbooks/none.yaml/revisions")
        .json(404)
        .await;
    assert_eq!(refusal(&none).0, "playbook_not_found");
}

#[tokio::test]
async fn a_playbook_that_is_disabled_runs_inside_no_other() {
    let around = "name: Around\nversion: '1'\nsteps:\n  \
        - {id: a, name: A, type: playbook.run, parameters: {playbook: gateway/checks.yaml, site: B}}\n";
    let server = library(&[("gateway/checks.yaml", CHECKS), ("around.yaml", around)]).await;
    let disable = server.post(&format!("{PATH}/disable"), &json!(null));
    disable.json(200).await;
    let start = json!({"playbook_path": "around.yaml"});
    let refused = server.post("/api/executions", &start).json(400).await;
    let message = "Playbook 'gateway/checks.yaml' is disabled";
    assert_eq!(refusal(&refused).1, message);
    let enable = server.post(&format!("{PATH}/enable"), &json!(null));
    enable.json(200).await;
    server.post("/api/executions", &start).json(200).await;
}

/// The text before is compared with, not the one that was seen for the first time before.
#[tokio::test]
async fn a_text_that_comes_back_is_the_newest_again() {
    let server = checks().await;
    let texts = ["A", "B", "C", "B"].map(|name| CHECKS.replace("Health checks", name));
    for text in texts {
        server.clock.advance_ms(1_000);
        put(&server, PATH, &text, Some("*")).await.json(200).await;
    }
    let diff = server
        .get(&format!("{PATH}/diff"))
        .json(200)
        .await
        .to_string();
    assert!(
        diff.contains("-name: C") && diff.contains("+name: B"),
        "{diff}"
    );
}

#[tokio::test]
async fn clients_of_the_original_write_and_mark_playbooks() {
    let server = checks().await;
    let post = |path: String| {
        let server = &server;
        async move { server.post(&path, &json!(null)).json(200).await }
    };
    let marked = post(format!("{PATH}/verify")).await;
    assert_eq!(
        (&marked["verified"], &marked["playbook_path"]),
        (&json!(true), &json!("gateway/checks.yaml"))
    );
    let found = server.get(PATH).json(200).await;
    assert_eq!(found["verified_at"], "2024-01-01T12:00:00Z");
    assert_eq!(post(format!("{PATH}/unverify")).await["verified"], false);
    assert_eq!(post(format!("{PATH}/disable")).await["enabled"], false);
    let start = json!({"playbook_path": "gateway/checks.yaml", "parameters": {"site": "A"}});
    let refused = server.post("/api/executions", &start).json(400).await;
    assert_eq!(
        refusal(&refused).1,
        "Playbook 'gateway/checks.yaml' is disabled"
    );
    let list = server.get("/api/playbooks").json(200).await;
    assert_eq!(list["playbooks"][0]["enabled"], false);
    post("/api/playbooks/metadata/reset-all".to_owned()).await;
    server.post("/api/executions", &start).json(200).await;
    server
        .post(&format!("{PATH}/explode"), &json!(null))
        .json(404)
        .await;

    let update = json!({"playbook_path": "gateway/checks.yaml",
        "yaml_content": CHECKS.replace("Health checks", "Updated")});
    let updated = server.put("/api/playbooks/update", &update).json(200).await;
    assert_eq!(
        (&updated["status"], &updated["name"]),
        (&json!("success"), &json!("Updated"))
    );
    let rename = json!({"playbook_path": "gateway/checks.yaml", "name": "Renamed", "description": "It: waits"});
    let renamed = server.send(Method::PATCH, "/api/playbooks/metadata", rename.to_string());
    assert_eq!(renamed.json(200).await["description"], "It: waits");
    let import = json!({"name": "Brought in", "domain": "other", "yaml_content": CHECKS});
    let imported = server
        .post("/api/playbooks/import", &import)
        .json(200)
        .await;
    assert_eq!(imported["path"], "other/brought-in.yaml");
    assert_eq!(imported["playbook"]["name"], "Health checks");
    let again = server
        .post("/api/playbooks/create", &import)
        .json(400)
        .await;
    assert!(refusal(&again).1.contains("exists already"), "{again}");
    let broken = json!({"name": "Broken", "yaml_content": BROKEN});
    server
        .post("/api/playbooks/create", &broken)
        .json(400)
        .await;
    assert_eq!(on_disk(&server, "broken.yaml"), None);
}
