//! `GET /health` and `GET /metrics`.

use insta::assert_snapshot;

use crate::bed::{Bed, example};

#[tokio::test]
async fn health_says_that_the_database_is_connected() {
    let bed = Bed::open().await;
    assert_snapshot!(bed.get("/api/v1/health").await.shown().await);
}

#[tokio::test]
async fn metrics_are_prometheus_text_that_counts_jobs() {
    let bed = Bed::open().await;
    bed.submit(&example()).await;
    let answer = bed.get("/api/v1/metrics").await;
    assert_eq!(answer.status, 200);
    let kind = answer.headers["content-type"].to_str().expect("text");
    assert!(
        kind.starts_with("application/openmetrics-text; version=1.0.0"),
        "{kind}"
    );
    let text = answer.text().await;
    let mut described = std::collections::BTreeSet::new();
    let mut samples = 0;
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(comment) = line.strip_prefix("# ") {
            let mut words = comment.split(' ');
            if words.next() == Some("TYPE") {
                assert!(
                    described.insert(words.next().map(str::to_owned)),
                    "twice: {line}"
                );
            }
            continue;
        }
        let (name, value) = line.rsplit_once(' ').expect("name and value");
        assert!(name.starts_with("playhouse_"), "{line}");
        value
            .parse::<f64>()
            .unwrap_or_else(|error| panic!("{line}: {error}"));
        samples += 1;
    }
    assert!(described.len() > 3 && samples > 5, "{text}");
    let pending = text
        .lines()
        .find(|line| line.contains("status=\"pending\"") || line.contains("status=\"queued\""))
        .unwrap_or_else(|| panic!("no count of pending jobs: {text}"));
    assert!(pending.ends_with(" 1"), "{pending}");
}
