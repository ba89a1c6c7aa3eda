//! What must be true at the end of a simulation: every job is there with its history, the event log
//! has no gap and tells a legal story of each, and the counters equal what is listed.

use std::collections::BTreeMap;

use futures_util::StreamExt;
use serde_json::Value;
use wire::{client::JobFilter, events::Event, jobs::NewJob};

use super::world::{World, short};
use crate::test_server::SHA256;

/// What the log says of one job, without `job.`.
type Story = Vec<String>;

impl World {
    pub(super) async fn audit(&mut self) {
        for id in self.ledger.jobs.keys().cloned().collect::<Vec<_>>() {
            self.look(&id).await;
            let entry = self.ledger.entry(&id);
            assert!(entry.over.is_some(), "{id} has not ended");
        }
        self.audit_counts().await;
        self.audit_events().await;
        assert!(
            self.tally.get("a job ended completed") >= 5,
            "hardly anything was done"
        );
    }

    async fn audit_counts(&self) {
        let filter = JobFilter {
            limit: Some(1_000),
            ..JobFilter::default()
        };
        let mut listed: BTreeMap<String, i64> = BTreeMap::new();
        let jobs = self.client().jobs(&filter).await.expect("a list");
        for job in &jobs {
            *listed.entry(job.status.clone()).or_default() += 1;
        }
        assert_eq!(
            jobs.len(),
            self.ledger.ids().len(),
            "what is listed was acknowledged"
        );
        let mut stats = self.client().stats().await.expect("counts").jobs_by_status;
        stats.retain(|_, count| *count != 0);
        assert_eq!(stats, listed, "counters equal rows");
    }

    /// Reads the whole log, up to an event that is known to be the last.
    async fn events(&self) -> Vec<Event> {
        let last = NewJob {
            job_type: "last".to_owned(),
            binary_url: "https://example.com/binary".to_owned(),
            binary_sha256: SHA256.to_owned(),
            priority: "foreground".to_owned(),
            ..NewJob::default()
        };
        let last = self
            .client()
            .submit(&last, None)
            .await
            .expect("accepted")
            .id;
        let reply = self
            .client()
            .download("/api/events?after=0")
            .await
            .expect("a stream");
        let mut body = reply.into_body();
        let (mut pending, mut events) = (String::new(), Vec::new());
        loop {
            let chunk = body.next().await.expect("it goes on").expect("it goes on");
            pending.push_str(std::str::from_utf8(&chunk).expect("text"));
            while let Some(end) = pending.find("\n\n") {
                let block: String = pending.drain(..end + 2).collect();
                let Some(data) = block.lines().find_map(|line| line.strip_prefix("data: ")) else {
                    continue;
                };
                if block.contains("event: reset\n") {
                    assert!(events.is_empty(), "a reset in the middle");
                    continue;
                }
                let event: Event = serde_json::from_str(data).expect("an event");
                if event.run_id.as_ref() == Some(&last) {
                    return events;
                }
                events.push(event);
            }
        }
    }

    async fn audit_events(&mut self) {
        let events = self.events().await;
        let mut stories: BTreeMap<String, (Story, i64)> = BTreeMap::new();
        for pair in events.windows(2) {
            assert_eq!(pair[1].seq, pair[0].seq + 1, "the log has a gap");
            assert!(pair[1].at >= pair[0].at, "the log goes back in time");
        }
        let whole = events.first().is_none_or(|event| event.seq == 1);
        assert!(
            whole || self.retention_ms < 86_400_000,
            "events were removed before their time"
        );
        let (plugin_jobs, events): (Vec<Event>, Vec<Event>) = events
            .into_iter()
            .partition(|event| event.kind == "plugin_job");
        self.audit_plugin_jobs(&plugin_jobs, whole).await;
        for event in events {
            let told = event
                .event_type
                .strip_prefix("job.")
                .expect("a job")
                .to_owned();
            let (story, starts) = stories.entry(event.run_id.expect("a job's")).or_default();
            if told == "started" {
                *starts += 1;
                let attempt = event.data.get("attempt").and_then(Value::as_i64);
                let begun = story.first().is_some_and(|first| first == "submitted");
                assert!(
                    !begun || attempt == Some(*starts),
                    "attempts are counted from 1"
                );
            }
            story.push(told);
        }
        for (id, entry) in &self.ledger.jobs {
            let Some((story, starts)) = stories.get(id) else {
                assert!(entry.gone, "{id}: it is not in the log");
                continue;
            };
            if story[0] != "submitted" {
                assert!(!whole, "{id} begins with {story:?}");
                continue;
            }
            assert!(is_legal(story), "{}: {story:?}", short(id));
            assert_eq!(
                *starts, entry.token,
                "{id}: every lease was told: {story:?}"
            );
            let end = entry.over.as_ref().map(|(status, _)| status);
            assert_eq!(story.last(), end, "{id}");
        }
        assert!(
            stories.keys().all(|id| self.ledger.jobs.contains_key(id)),
            "an unknown job"
        );
    }
}

/// Whether each event may follow the one before it.
fn is_legal(story: &Story) -> bool {
    let mut before = "";
    for event in story {
        let allowed: &[&str] = match before {
            "" => &["submitted"],
            "submitted" | "requeued" => &["ready", "started", "cancelled"],
            "ready" | "retried" => &["started", "cancelled"],
            "started" => &[
                "cancel_requested",
                "completed",
                "failed",
                "cancelled",
                "requeued",
            ],
            "cancel_requested" => &["completed", "cancelled"],
            "completed" | "failed" | "cancelled" => &["retried"],
            _ => &[],
        };
        if !allowed.contains(&event.as_str()) {
            return false;
        }
        before = event;
    }
    true
}
