//! Lists, and one run.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{detail, filled, text};
use crate::{
    answer::Answer,
    test_server::{TestServer, example},
};

/// The last digits of the ids.
async fn ids(answer: Answer) -> Vec<String> {
    let runs: Vec<Value> = serde_json::from_value(answer.json(200).await).expect("an array");
    runs.iter()
        .map(|run| text(&run["id"])[35..].to_owned())
        .collect()
}

/// The path in `Link`.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.headers.get("link")?.to_str().expect("text");
    let (path, rest) = link.strip_prefix('<')?.split_once('>')?;
    assert_eq!(rest, "; rel=\"next\"");
    Some(path.to_owned())
}

#[tokio::test]
async fn runs_of_every_kind_are_shown() {
    let (server, [labelled, plugins, running]) = filled().await;
    assert_snapshot!("list", server.get("/api/runs").await.shown().await);
    for (name, id) in [
        ("queued", labelled),
        ("held", plugins),
        ("running", running),
    ] {
        let path = format!("/api/runs/{id}");
        assert_snapshot!(name, server.get(&path).await.shown().await);
    }
    assert_snapshot!(
        "page",
        server
            .get("/api/runs?label=team=data&limit=1")
            .await
            .shown()
            .await
    );
}

#[tokio::test]
async fn every_filter_narrows_and_they_combine() {
    let (server, [labelled, ..]) = filled().await;
    let queries = [
        ("kind=job", &["3", "1"][..]),
        ("kind=plugin_job,execution", &["2"]),
        ("status=running,held", &["3", "2"]),
        ("status=completed", &[]),
        ("kind=job&status=queued", &["1"]),
        ("name=report", &["3"]),
        ("name=repor", &[]),
        ("label=team%3Ddata", &["3", "1"]),
        ("label=team=data&label=stage=Test", &["1"]),
        ("label=team=data&name=report", &["3"]),
        ("text=NIGHT", &["1"]),
        ("text=stage%3Dtest", &["1"]),
        ("text=team", &["3", "1"]),
        ("text=team&kind=plugin_job", &[]),
        ("since=2024-01-01T12:00:01Z", &["3", "2"]),
        ("until=2024-01-01T13:00:01%2B01:00", &["1"]),
        (
            "since=2024-01-01T12:00:01Z&until=2024-01-01T12:00:02Z",
            &["2"],
        ),
    ];
    for (query, expected) in queries {
        let answer = server.get(&format!("/api/runs?{query}")).await;
        assert_eq!(ids(answer).await, expected, "{query}");
    }
    // A text that begins ids stands for these.
    let beginning = format!("/api/runs?text={}", labelled[..8].to_uppercase());
    assert_eq!(ids(server.get(&beginning).await).await, ["3", "2", "1"]);
    let whole = format!("/api/runs?text={labelled}");
    assert_eq!(ids(server.get(&whole).await).await, ["1"]);
    let children = format!("/api/runs/{labelled}/children");
    assert_eq!(ids(server.get(&children).await).await, [""; 0]);
    let parent = format!("/api/runs?parent={labelled}");
    assert_eq!(ids(server.get(&parent).await).await, [""; 0]);
}

#[tokio::test]
async fn a_label_may_contain_commas_and_links_repeat_every_label() {
    let server = TestServer::open().await;
    for note in ["a,b=c", "a", "a,b=c", "b=c"] {
        let labels = json!({"labels": {"note": note, "team": "data"}});
        server.submit_with(&labels).await;
    }
    let mut path = Some("/api/runs?label=note=a,b%3Dc&label=team=data&limit=1".to_owned());
    let mut seen = Vec::new();
    while let Some(page) = path {
        let answer = server.get(&page).await;
        path = next(&answer);
        seen.extend(ids(answer).await);
    }
    assert_eq!(seen, ["3", "1"]);
}

#[tokio::test]
async fn links_lead_through_every_run_once() {
    let server = TestServer::open().await;
    for _ in 0..5 {
        server.submit(&example()).await;
    }
    let mut path = Some("/api/runs?limit=2&text=data&kind=job".to_owned());
    let mut seen = Vec::new();
    while let Some(page) = path {
        let answer = server.get(&page).await;
        path = next(&answer);
        seen.extend(ids(answer).await);
        // What comes in meanwhile is newer than all that follows.
        server.submit(&example()).await;
    }
    assert_eq!(seen, ["5", "4", "3", "2", "1"]);
}

#[tokio::test]
async fn a_wrong_parameter_is_named() {
    let server = TestServer::open().await;
    let wrong = [
        ("limit=0", "limit must be at least 1"),
        ("limit=many", "limit"),
        (
            "kind=jobs",
            "kind must be one of job, plugin_job, execution, operation",
        ),
        ("kind=", "kind must be"),
        ("status=pending", "status must be one of held, scheduled"),
        ("label=team", "label must be name=value"),
        ("label=", "label must be name=value"),
        ("parent=1", "parent must be the id of a run"),
        ("cursor=2", "cursor must be the id of a run"),
        ("cursor=", "cursor must be the id of a run"),
        ("since=yesterday", "since must be a time such as"),
        ("until=2024-01-01", "until must be a time such as"),
        ("name=%00", "name must not contain NUL"),
        ("text=%00", "text must not contain NUL"),
        ("label=a=%00", "label must not contain NUL"),
    ];
    for (query, message) in wrong {
        let answer = server.get(&format!("/api/runs?{query}")).await;
        let problem = answer.json(400).await;
        assert!(detail(&problem).contains(message), "{query}: {problem}");
    }
    assert_snapshot!(server.get("/api/runs?cursor=2").await.shown().await);
    // A time beyond all ids, or before them, is a time.
    for query in ["since=9990-12-31T23:59:59Z", "until=1900-01-01T00:00:00Z"] {
        let answer = server.get(&format!("/api/runs?{query}")).await;
        assert_eq!(ids(answer).await, [""; 0], "{query}");
    }
}

#[tokio::test]
async fn a_run_that_does_not_exist_is_not_found() {
    let server = TestServer::open().await;
    for id in ["018cc4e5-2200-7000-8000-000000000009", "9", "%ff"] {
        for rest in ["", "/children", "/logs", "/events"] {
            let answer = server.get(&format!("/api/runs/{id}{rest}")).await;
            assert_eq!(answer.status, 404, "{id}{rest}");
        }
    }
    let path = "/api/runs/018cc4e5-2200-7000-8000-000000000009";
    assert_snapshot!(server.get(path).await.shown().await);
}
