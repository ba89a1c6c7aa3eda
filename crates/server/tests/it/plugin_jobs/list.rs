//! `GET /playground/jobs`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{create, path, refused, server, start, taken};
use crate::test_server::TestServer;

async fn ids(server: &TestServer, query: &str) -> Vec<String> {
    let listed = server
        .get(&format!("/playground/jobs{query}"))
        .json(200)
        .await;
    let listed = listed.as_array().expect("a list").iter();
    listed
        .map(|job: &Value| job["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn jobs_are_listed_newest_first() {
    let server = server().await;
    let done = taken(&server, &json!({"input": 1})).await;
    done.perform(&server).await;
    let running = taken(&server, &json!({"input": 1, "plugins": ["two"]})).await;
    let held = create(&server, &json!({"input": 1})).await;
    let queued = create(&server, &json!({"input": 1})).await;
    start(&server, &queued).await;
    let cancelled = create(&server, &json!({"input": 1})).await;
    server
        .post(&path(&cancelled, "/cancel"), &json!(null))
        .json(200)
        .await;
    let (done, running) = (done.id, running.id);
    let all = [&cancelled, &queued, &held, &running, &done].map(Clone::clone);
    assert_eq!(ids(&server, "").await, all);
    assert_eq!(ids(&server, "?limit=2&offset=1").await, all[1..3]);
    assert_eq!(ids(&server, "?limit=100000").await, all);
    assert_eq!(ids(&server, "?status=queued").await, all[1..3]);
    assert_eq!(ids(&server, "?status=running").await, all[3..4]);
    assert_eq!(ids(&server, "?status=completed").await, all[4..]);
    assert_eq!(ids(&server, "?status=failed").await, all[..1]);
    let page = server
        .get("/playground/jobs?limit=2&status=queued&offset=0")
        .await;
    assert!(!page.headers.contains_key("link"));
    let page = server.get("/playground/jobs?limit=4").await;
    assert_snapshot!("page", page.shown().await);
    for query in ["?limit=0", "?limit=x", "?offset=-1", "?status=pending"] {
        let refusal = refused(server.get(&format!("/playground/jobs{query}")).await, 400).await;
        let field = query
            .trim_start_matches('?')
            .split('=')
            .next()
            .expect("a field");
        assert!(refusal.contains(field), "{query}: {refusal}");
    }
}

#[tokio::test]
async fn the_plugins_of_a_job_are_the_parts_of_its_run() {
    let server = server().await;
    let work = taken(&server, &json!({"input": 1})).await;
    work.started(&server, "one").await;
    let path = format!("/api/runs/{}", work.id);
    let run = server.get(&path).await.json(200).await;
    assert_eq!(run["parts"], json!({"started": 1}));
    work.completed(&server, "one", json!({"n": 1})).await;
    work.started(&server, "two").await;
    work.failed(&server, "two", "no").await;
    let run = server.get(&path).await.json(200).await;
    assert_eq!(run["parts"], json!({"completed": 1, "failed": 1}));

    let page = server.get(&format!("{path}/parts?limit=1")).await;
    let next = format!("<{path}/parts?after=1&limit=1>; rel=\"next\"");
    assert_eq!(page.headers["link"], *next);
    let part = &page.json(200).await[0];
    assert_eq!(part["name"], "one");
    assert_eq!(part["stage"], "completed");
    let page = server.get(&format!("{path}/parts?after=1&limit=1")).await;
    assert_eq!(page.headers.get("link"), None);
    let parts = page.json(200).await;
    assert_eq!(parts.as_array().map(Vec::len), Some(1));
    assert_eq!(parts[0]["number"], 2);
    for wrong in ["after=-1", "limit=0", "after=one"] {
        let answer = server.get(&format!("{path}/parts?{wrong}")).await;
        assert_eq!(answer.status, 400, "{wrong}");
    }
}
