//! `GET /playground/jobs`.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{bed, create, path, refused, start, taken};
use crate::bed::Bed;

async fn ids(bed: &Bed, query: &str) -> Vec<String> {
    let listed = bed
        .get(&format!("/playground/jobs{query}"))
        .await
        .json(200)
        .await;
    let listed = listed.as_array().expect("a list").iter();
    listed
        .map(|job: &Value| job["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn jobs_are_listed_newest_first() {
    let bed = bed().await;
    let mut done = taken(&bed, &json!({"input": 1})).await;
    done.perform(&bed).await;
    let running = taken(&bed, &json!({"input": 1, "plugins": ["two"]})).await;
    let held = create(&bed, &json!({"input": 1})).await;
    let queued = create(&bed, &json!({"input": 1})).await;
    start(&bed, &queued).await;
    let cancelled = create(&bed, &json!({"input": 1})).await;
    bed.post(&path(&cancelled, "/cancel"), &json!(null))
        .await
        .json(200)
        .await;
    let (done, running) = (done.id, running.id);
    let all = [&cancelled, &queued, &held, &running, &done].map(Clone::clone);
    assert_eq!(ids(&bed, "").await, all);
    assert_eq!(ids(&bed, "?limit=2&offset=1").await, all[1..3]);
    assert_eq!(ids(&bed, "?limit=100000").await, all);
    assert_eq!(ids(&bed, "?status=queued").await, all[1..3]);
    assert_eq!(ids(&bed, "?status=running").await, all[3..4]);
    assert_eq!(ids(&bed, "?status=completed").await, all[4..]);
    assert_eq!(ids(&bed, "?status=failed").await, all[..1]);
    let page = bed
        .get("/playground/jobs?limit=2&status=queued&offset=0")
        .await;
    assert!(!page.headers.contains_key("link"));
    let page = bed.get("/playground/jobs?limit=4").await;
    assert_snapshot!("page", page.shown().await);
    for query in ["?limit=0", "?limit=x", "?offset=-1", "?status=pending"] {
        let refusal = refused(bed.get(&format!("/playground/jobs{query}")).await, 400).await;
        let field = query
            .trim_start_matches('?')
            .split('=')
            .next()
            .expect("a field");
        assert!(refusal.contains(field), "{query}: {refusal}");
    }
}
