//! Every family of metrics changes when what it counts happens.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::{
    bed::{Bed, bare, example},
    hooks::{
        allow_loopback,
        receiver::{Receiver, Reply},
    },
};

/// All families. One with labels is not in the text before something happened: so they stand here.
const FAMILIES: [&str; 16] = [
    "commit_items",
    "commit_seconds",
    "executors_active",
    "hook_attempt_seconds",
    "hook_attempts",
    "hook_deliveries_pending",
    "hook_delivery_attempts",
    "http_request_seconds",
    "http_requests",
    "leases_lost",
    "live_readers",
    "run_duration_seconds",
    "run_events",
    "run_wait_seconds",
    "runs",
    "runs_deleted",
];
/// This one takes a log longer than all buffers: `live::slow` makes it change.
const ELSEWHERE: &str = "readers_cut_off";

type Samples = BTreeMap<String, String>;

/// The samples of each family.
async fn look(bed: &Bed) -> Samples {
    let text = bed.get("/api/v1/metrics").await.text().await;
    let mut families = Samples::new();
    let mut family = String::new();
    for line in text.lines() {
        if let Some(described) = line.strip_prefix("# TYPE playhouse_") {
            described
                .split(' ')
                .next()
                .unwrap_or("")
                .clone_into(&mut family);
            families.insert(family.clone(), String::new());
        } else if !line.starts_with('#') {
            families.entry(family.clone()).or_default().push_str(line);
        }
    }
    families
}

struct Watch {
    last: Samples,
    changed: BTreeSet<String>,
}

impl Watch {
    /// Which families changed since the last look.
    async fn look(&mut self, bed: &Bed) -> BTreeSet<String> {
        let now = look(bed).await;
        let empty = String::new();
        let changed = now
            .iter()
            .filter(|(name, samples)| self.last.get(*name).unwrap_or(&empty) != *samples);
        let changed: BTreeSet<String> = changed.map(|(name, _)| name.clone()).collect();
        self.last = now;
        self.changed.extend(changed.iter().cloned());
        changed
    }
}

/// Ends a reader, and waits until it is counted no more.
async fn counted_out_after<T>(bed: &Bed, reader: T) {
    let reading = look(bed).await["live_readers"].clone();
    drop(reader);
    let counted_out = async { while look(bed).await["live_readers"] == reading {} };
    let limit = std::time::Duration::from_secs(10);
    let in_time = tokio::time::timeout(limit, counted_out).await;
    in_time.expect("a reader that is gone is counted out");
}

#[tokio::test]
async fn no_family_of_metrics_is_dead() {
    let (bed, receiver) = (Bed::with(allow_loopback).await, Receiver::start().await);
    let mut watch = Watch {
        last: look(&bed).await,
        changed: BTreeSet::new(),
    };
    let mut expect = async |what: &str, wanted: &[&str]| {
        let changed = watch.look(&bed).await;
        for family in wanted {
            assert!(changed.contains(*family), "{what}: {family} in {changed:?}");
        }
        watch.changed.clone()
    };
    let hook = json!({"url": receiver.url("/hook"), "events": ["job.completed"]});
    bed.post("/api/hooks", &hook).await.json(201).await;
    let written = [
        "commit_seconds",
        "commit_items",
        "http_requests",
        "http_request_seconds",
    ];
    expect("a request that writes", &written).await;

    let job = bed.submit(&example()).await;
    expect("a submit", &["runs", "run_events"]).await;
    bed.claim("worker-1").await;
    expect(
        "a claim",
        &["runs", "run_events", "run_wait_seconds", "executors_active"],
    )
    .await;
    let path = format!("/api/v1/jobs/{job}/complete");
    bed.put(&path, &bare("worker-1")).await.json(200).await;
    expect("a finish", &["runs", "run_events", "run_duration_seconds"]).await;

    receiver.script([Reply::Status(500)]);
    bed.server.deliver().await.expect("a tick");
    let tried = [
        "hook_attempts",
        "hook_attempt_seconds",
        "hook_deliveries_pending",
    ];
    expect("a delivery that fails", &tried).await;
    bed.clock.advance_ms(5_000);
    bed.server.deliver().await.expect("a tick");
    let ended = [
        "hook_attempts",
        "hook_deliveries_pending",
        "hook_delivery_attempts",
    ];
    expect("a delivery that succeeds", &ended).await;

    bed.submit(&example()).await;
    bed.claim("worker-1").await;
    bed.clock.advance_ms(31_000);
    assert_eq!(bed.server.reap().await.expect("a tick"), 1);
    expect("a lease that expires", &["leases_lost", "run_events"]).await;
    bed.clock.advance_ms(8 * 24 * 3_600_000);
    assert_eq!(bed.server.retain().await.expect("a tick"), 1);
    expect("retention", &["runs_deleted"]).await;

    let follows = bed.get("/api/events").await;
    let changed = expect("a reader", &["live_readers"]).await;
    counted_out_after(&bed, follows).await;
    expect("its end", &["live_readers"]).await;

    let all: BTreeSet<String> = FAMILIES.map(str::to_owned).into();
    let seen: BTreeSet<String> = look(&bed)
        .await
        .into_keys()
        .filter(|family| family != ELSEWHERE)
        .collect();
    assert_eq!(seen, all, "the list and what there is");
    assert_eq!(changed, all, "what never changed");
}
