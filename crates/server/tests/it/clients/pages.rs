//! Lists while others submit, and lists of what has labels.

use serde_json::{Value, json};

use crate::test_server::TestServer;

fn ids(page: &Value) -> Vec<String> {
    let jobs = page.as_array().expect("a page").iter();
    jobs.map(|job| job["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// A page, and the path of the next one.
async fn page(server: &TestServer, path: &str) -> (Vec<String>, Option<String>) {
    let answer = server.get(path).await;
    let link = answer
        .headers
        .get("link")
        .map(|link| link.to_str().expect("text").to_owned());
    let next = link.map(|link| {
        let (path, rel) = link.split_once(">; ").expect("a link");
        assert_eq!(rel, "rel=\"next\"");
        path.trim_start_matches('<').to_owned()
    });
    (ids(&answer.json(200).await), next)
}

#[tokio::test]
async fn the_next_page_begins_where_this_one_ended_whatever_comes() {
    let server = TestServer::open().await;
    let mut jobs = Vec::new();
    for number in 0..7 {
        jobs.push(
            server
                .submit_with(&json!({"labels": {"n": number.to_string()}}))
                .await,
        );
    }
    jobs.reverse();
    for filter in [
        "",
        "status=pending&",
        "type=data-processing&status=pending&",
        "offset=0&",
    ] {
        let (mut seen, mut next) = page(&server, &format!("/api/v1/jobs?{filter}limit=3")).await;
        let newest = server.submit_with(&json!({})).await;
        while let Some(path) = next {
            let (more, after) = page(&server, &path).await;
            assert!(!more.contains(&newest), "{path}");
            seen.extend(more);
            next = after;
        }
        let whole = page(&server, &format!("/api/v1/jobs?{filter}limit=1000"))
            .await
            .0;
        assert_eq!(seen, whole[1..], "{filter}");
    }
    let created = server.post("/playground/jobs?cursor=x", &json!({})).await;
    assert_eq!(created.status, 400);
    let refused = server.get("/api/v1/jobs?cursor=x").refused(400).await;
    assert_eq!(refused["error"], "cursor must be the id of a run");
}

#[tokio::test]
async fn jobs_are_listed_by_their_labels() {
    let server = TestServer::open().await;
    let mut all = Vec::new();
    for number in 0..6 {
        let team = ["data", "web"][number % 2];
        let labels = json!({"team": team, "third": (number % 3 == 0).to_string()});
        let priority = ["foreground", "background"][number / 3];
        all.push(
            server
                .submit_with(&json!({"labels": labels, "priority": priority}))
                .await,
        );
    }
    let of = |places: &[usize]| {
        places
            .iter()
            .map(|place| all[*place].clone())
            .collect::<Vec<_>>()
    };
    for (query, places) in [
        ("label=team=data", &[4, 2, 0][..]),
        ("label=team=data&label=third=true", &[0]),
        ("label=team=web&priority=background", &[5, 3]),
        (
            "label=team=web&status=pending&type=data-processing",
            &[5, 3, 1],
        ),
        ("label=team=web&status=running", &[]),
        ("label=team=other", &[]),
        ("label=team=", &[]),
    ] {
        let listed = page(&server, &format!("/api/v1/jobs?{query}")).await.0;
        assert_eq!(listed, of(places), "{query}");
    }
    let (first, next) = page(&server, "/api/v1/jobs?label=team=data&limit=2").await;
    assert_eq!(first, of(&[4, 2]));
    let next = next.expect("another page");
    assert_eq!(page(&server, &next).await, (of(&[0]), None));
    for (query, message) in [
        (
            "label=team",
            "label must be name=value; repeat the parameter for several labels",
        ),
        (
            "label=team=data&offset=1",
            "offset cannot stand beside label; go on with cursor",
        ),
    ] {
        let refused = server
            .get(&format!("/api/v1/jobs?{query}"))
            .refused(400)
            .await;
        assert_eq!(refused["error"], message);
    }
}
