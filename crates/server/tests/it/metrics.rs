//! Every family of metrics changes when what it counts happens, and its samples say what of.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::{
    hooks::{
        allow_loopback,
        receiver::{Receiver, Reply},
    },
    test_server::{TestServer, bare, example, example_with},
};

/// All families. One with labels is not in the text before something happened: so they stand here.
const FAMILIES: [&str; 17] = [
    "commit_items",
    "commit_seconds",
    "database_statements",
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
async fn look(server: &TestServer) -> Samples {
    let text = server.get("/api/v1/metrics").await.text().await;
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
    async fn look(&mut self, server: &TestServer) -> BTreeSet<String> {
        let now = look(server).await;
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
async fn counted_out_after<T>(server: &TestServer, reader: T) {
    let reading = look(server).await["live_readers"].clone();
    drop(reader);
    let counted_out = async { while look(server).await["live_readers"] == reading {} };
    let limit = std::time::Duration::from_secs(10);
    let in_time = tokio::time::timeout(limit, counted_out).await;
    in_time.expect("a reader that is gone is counted out");
}

#[tokio::test]
async fn no_family_of_metrics_is_dead() {
    let (server, receiver) = (
        TestServer::with(allow_loopback).await,
        Receiver::start().await,
    );
    let mut watch = Watch {
        last: look(&server).await,
        changed: BTreeSet::new(),
    };
    let mut expect = async |what: &str, wanted: &[&str]| {
        let changed = watch.look(&server).await;
        for family in wanted {
            assert!(changed.contains(*family), "{what}: {family} in {changed:?}");
        }
        watch.changed.clone()
    };
    let hook = json!({"url": receiver.url("/hook"), "events": ["job.completed"]});
    server.post("/api/hooks", &hook).json(201).await;
    let written = [
        "commit_seconds",
        "commit_items",
        "database_statements",
        "http_requests",
        "http_request_seconds",
    ];
    expect("a request that writes", &written).await;

    let job = server.submit(&example()).await;
    expect("a submit", &["runs", "run_events"]).await;
    server.claim("worker-1").await;
    let claimed = ["runs", "run_events", "run_wait_seconds", "executors_active"];
    expect("a claim", &claimed).await;
    let path = format!("/api/v1/jobs/{job}/complete");
    server.put(&path, &bare("worker-1")).json(200).await;
    expect("a finish", &["runs", "run_events", "run_duration_seconds"]).await;

    receiver.script([Reply::Status(500)]);
    server.server.deliver().await.expect("a tick");
    let tried = [
        "hook_attempts",
        "hook_attempt_seconds",
        "hook_deliveries_pending",
    ];
    expect("a delivery that fails", &tried).await;
    server.clock.advance_ms(5_000);
    server.server.deliver().await.expect("a tick");
    let ended = [
        "hook_attempts",
        "hook_deliveries_pending",
        "hook_delivery_attempts",
    ];
    expect("a delivery that succeeds", &ended).await;

    server.submit(&example()).await;
    server.claim("worker-1").await;
    server.clock.advance_ms(31_000);
    assert_eq!(server.reap().await, 1);
    expect("a lease that expires", &["leases_lost", "run_events"]).await;
    server.clock.advance_ms(8 * 24 * 3_600_000);
    assert_eq!(server.server.retain().await.expect("a tick"), 1);
    expect("retention", &["runs_deleted"]).await;

    let follows = server.get("/api/events").await;
    let changed = expect("a reader", &["live_readers"]).await;
    counted_out_after(&server, follows).await;
    expect("its end", &["live_readers"]).await;

    let all: BTreeSet<String> = FAMILIES.map(str::to_owned).into();
    let seen: BTreeSet<String> = look(&server)
        .await
        .into_keys()
        // Those of connections need some.
        .filter(|family| family != ELSEWHERE && !family.starts_with("connections"))
        .collect();
    assert_eq!(seen, all, "the list and what there is");
    assert_eq!(changed, all, "what never changed");
}

/// The sample of this name and these labels; nothing when there is none.
async fn sample(server: &TestServer, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let text = server.get("/api/v1/metrics").await.text().await;
    let found = text.lines().filter_map(|line| {
        let (named, value) = line.rsplit_once(' ')?;
        let rest = named.strip_prefix("playhouse_")?.strip_prefix(name)?;
        let found = match rest {
            "" => Vec::new(),
            rest => rest
                .strip_prefix('{')?
                .strip_suffix('}')?
                .split(',')
                .collect(),
        };
        let same = found.len() == labels.len()
            && labels
                .iter()
                .all(|(label, value)| found.contains(&format!("{label}=\"{value}\"").as_str()));
        same.then(|| value.parse().expect("a number"))
    });
    let found: Vec<f64> = found.collect();
    assert!(found.len() < 2, "{name} {labels:?} is there twice");
    found.first().copied()
}

#[tokio::test]
async fn samples_say_which_runs_and_what_happened() {
    let server = TestServer::open().await;
    let runs = async |priority: &str, status: &str| {
        let labels = [("kind", "job"), ("priority", priority), ("status", status)];
        sample(&server, "runs", &labels).await.unwrap_or(0.0)
    };
    let events = async |event: &str| {
        let labels = [("kind", "job"), ("event", event)];
        sample(&server, "run_events_total", &labels).await
    };
    let job = server.submit(&example()).await;
    let urgent = example_with(&json!({"priority": "foreground", "max_attempts": 1}));
    let urgent = server.submit(&urgent).await;
    assert_eq!(runs("background", "queued").await, 1.0);
    assert_eq!(runs("foreground", "queued").await, 1.0);
    assert_eq!(events("submitted").await, Some(2.0));
    assert_eq!(server.claim("worker-1").await["id"], urgent);
    assert_eq!(runs("foreground", "queued").await, 0.0);
    assert_eq!(runs("foreground", "running").await, 1.0);
    let wait = [("kind", "job"), ("priority", "foreground")];
    assert_eq!(
        sample(&server, "run_wait_seconds_count", &wait).await,
        Some(1.0)
    );
    assert_eq!(server.claim("worker-1").await["id"], job);
    // Neither is heard of again: the one may be tried again, the other not.
    server.clock.advance_ms(31_000);
    assert_eq!(server.reap().await, 2);
    assert_eq!(sample(&server, "leases_lost_total", &[]).await, Some(2.0));
    assert_eq!(events("requeued").await, Some(1.0));
    assert_eq!(events("failed").await, Some(1.0));
    assert_eq!(runs("background", "queued").await, 1.0);
    assert_eq!(runs("foreground", "failed").await, 1.0);
    let retry = format!("/api/v1/jobs/{urgent}/retry");
    server.post(&retry, &json!({})).json(200).await;
    assert_eq!(events("retried").await, Some(1.0));
    assert_eq!(runs("foreground", "failed").await, 0.0);
    let ends = [
        ("kind", "job"),
        ("priority", "foreground"),
        ("status", "failed"),
    ];
    let ended = sample(&server, "run_duration_seconds_count", &ends).await;
    assert_eq!(ended, Some(1.0));
    let route = [
        ("method", "POST"),
        ("route", "/api/v1/jobs"),
        ("status", "201"),
    ];
    assert_eq!(
        sample(&server, "http_requests_total", &route).await,
        Some(2.0)
    );
}
