//! Many jobs at once: every plugin of every job completes once, whatever there is at the same time.

use std::{collections::BTreeMap, fs, time::Duration};

use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::runtime::Runtime;
use wire::{client::Client, plugin_jobs::NewPluginJob};

use super::{component, events, follow, plugin};
use crate::{
    events::Following,
    harness::{Server, exits, get, poll, poll_within, wait_for},
};

const JOBS: &str = "PLAYHOUSE_PLUGIN_JOBS";
/// Plugins of a job.
const EACH: usize = 5;
/// For all of them, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(400);

#[expect(
    clippy::disallowed_methods,
    reason = "the number of jobs may come from outside"
)]
fn jobs() -> usize {
    std::env::var(JOBS).map_or(1_000, |text| text.parse().expect("a number of jobs"))
}

#[test]
fn a_thousand_jobs_of_five_plugins_are_accounted_for_exactly() {
    let server = Server::start(&[]);
    let names: Vec<String> = (1..=EACH).map(|number| format!("p{number}")).collect();
    names.iter().for_each(|name| component(&server, name));
    let following = follow(&server);
    let _workers = ["w1", "w2"].map(|name| server.start_executor(name, &["--slots=8"]));
    let runtime = Runtime::new().expect("a runtime starts");
    let client = Client::http(&server.url()).expect("a good URL");
    poll("both have their plugins", || {
        let plugins = runtime.block_on(client.plugins()).ok()?;
        let ours = plugins.iter().filter(|one| names.contains(&one.name));
        (ours.filter(|one| one.executors.len() == 2).count() == EACH).then_some(())
    });
    let ids = runtime.block_on(submit_all(&client, &names));
    wait_for_all(&following, ids.len());
    let mut wanted = vec![
        "submitted".to_owned(),
        "ready".to_owned(),
        "started".to_owned(),
    ];
    for name in &names {
        wanted.extend([
            format!("plugin_started {name}"),
            format!("plugin_completed {name}"),
        ]);
    }
    wanted.push("completed".to_owned());
    let events: BTreeMap<String, Vec<String>> = events(&following);
    assert_eq!(events.len(), ids.len());
    for id in &ids {
        assert_eq!(events[id], wanted, "{id}");
        let job = runtime
            .block_on(client.plugin_job(id))
            .expect("it is there");
        let result = job.result.expect("it has ended");
        let metrics = result.metrics.iter().flat_map(|metric| metric.keys());
        assert_eq!(
            metrics.collect::<Vec<_>>(),
            names.iter().collect::<Vec<_>>(),
            "{id}"
        );
        assert_eq!(job.retries, 0, "{id}");
    }
    check_metrics(&server, ids.len());
}

/// Reads on until so many jobs have completed; one that failed is the end of it.
fn wait_for_all(following: &Following, jobs: usize) {
    let (mut seen, mut completed) = (0, 0);
    poll_within(LIMIT, "all jobs end", || {
        let new = following.seen.after(seen);
        seen += new.len();
        for event in &new {
            assert_ne!(event["type"], "plugin_job.failed", "{event}");
            completed += usize::from(event["type"] == "plugin_job.completed");
        }
        (completed >= jobs).then_some(())
    });
}

/// The server counts as we do.
fn check_metrics(server: &Server, jobs: usize) {
    for (what, wanted) in [
        ("runs{kind=\"plugin_job\",status=\"completed\"", jobs),
        ("runs{kind=\"plugin_job\"", jobs),
        (
            "run_events_total{kind=\"plugin_job\",event=\"submitted\"",
            jobs,
        ),
        // One attempt of each.
        (
            "run_events_total{kind=\"plugin_job\",event=\"started\"",
            jobs,
        ),
        ("run_events_total{kind=\"plugin_job\",event=\"requeued\"", 0),
        (
            "run_events_total{kind=\"plugin_job\",event=\"completed\"",
            jobs,
        ),
    ] {
        assert_eq!(measured(server, what), wanted, "{what}");
    }
}

/// The sum of the metrics whose lines begin so.
fn measured(server: &Server, beginning: &str) -> usize {
    let metrics = get(server.port, "/api/v1/metrics").expect("an answer");
    let beginning = format!("playhouse_{beginning}");
    let lines = metrics.lines().filter(|line| line.starts_with(&beginning));
    let numbers = lines.filter_map(|line| line.rsplit(' ').next());
    numbers
        .map(|number| number.parse::<usize>().expect("a number"))
        .sum()
}

/// Creates and starts all jobs, many at once.
async fn submit_all(client: &Client, names: &[String]) -> Vec<String> {
    let submit = |number: usize| async move {
        let new = NewPluginJob {
            input: json!({"number": number}).into(),
            plugins: Some(names.to_vec()),
            ..NewPluginJob::default()
        };
        let job = client
            .create_plugin_job(&new, None)
            .await
            .expect("it is created");
        let started = client.start_plugin_job(&job.id, 0).await;
        started.expect("it is started").id
    };
    stream::iter((0..jobs()).map(submit))
        .buffer_unordered(32)
        .collect()
        .await
}

#[test]
fn jobs_of_programs_and_of_plugins_share_the_slots() {
    const SLOTS: usize = 2;
    // Without isolation, so that all of them can write into one file.
    let slots = format!("--slots={SLOTS}");
    let server = Server::start(&["--with-executor", "--isolation=none", &slots]);
    let home = server.home().display();
    let works = format!(
        "echo + >>{home}/slots; until [ -e {home}/go ]; do sleep 0.05; done; sleep 0.1; \
         echo - >>{home}/slots"
    );
    let metric = "echo '{\"metric\": {\"n\": 1}}'";
    plugin(&server, "works", &format!("{works}; {metric}"));
    let script = server.script("works.sh", &works);
    let submit = || super::submit(&server, &["works"], &[]);
    let mut ids = vec![submit(), submit()];
    let program = server.submit(&[&script]);
    ids.extend([submit(), submit()]);
    let changes = || fs::read_to_string(server.home().join("slots")).unwrap_or_default();
    wait_for("the slots are taken", || changes().lines().count() >= SLOTS);
    fs::write(server.home().join("go"), "").expect("a file");
    let waited = server.run(&["job", "wait", &program]);
    exits(&waited, 0);
    let mut wait = vec!["plugin-job", "wait"];
    wait.extend(ids.iter().map(String::as_str));
    let waited = server.run(&wait);
    exits(&waited, 0);
    let changes = changes();
    let mut at_once = 0;
    for change in changes.lines() {
        at_once = if change == "+" {
            at_once + 1
        } else {
            at_once - 1
        };
        assert!(at_once <= SLOTS, "{changes}");
    }
    assert_eq!(changes.lines().count(), 2 * (ids.len() + 1), "{changes}");
}
