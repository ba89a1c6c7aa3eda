//! Many jobs at once: every plugin of every job completes once, whatever there is at the same time.

use std::collections::BTreeMap;

use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::runtime::Runtime;
use wire::{client::Client, plugin_jobs::NewPluginJob};

use super::{component, events, follow, plugin};
use crate::harness::{Process, Server, poll};

const JOBS: &str = "PLAYHOUSE_PLUGIN_JOBS";
/// Plugins of a job.
const EACH: usize = 5;

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
    let _workers = ["w1", "w2"].map(|name| {
        let command = server.executor(name, &["--slots=8"]);
        Process::start(command, server.home().join(format!("{name}.log")))
    });
    let runtime = Runtime::new().expect("a runtime starts");
    let client = Client::http(&server.url()).expect("a good URL");
    poll("both have their plugins", || {
        let plugins = runtime.block_on(client.plugins()).ok()?;
        let ours = plugins.iter().filter(|one| names.contains(&one.name));
        (ours.filter(|one| one.executors.len() == 2).count() == EACH).then_some(())
    });
    let ids = runtime.block_on(submit_all(&client, &names));
    poll("all jobs end", || {
        let events = following.seen.all();
        let ends = events
            .iter()
            .filter(|event| event["type"] == "plugin_job.completed");
        (ends.count() >= ids.len()).then_some(())
    });
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
    }
}

/// Creates and starts all jobs, many at once.
async fn submit_all(client: &Client, names: &[String]) -> Vec<String> {
    let submit = |number: usize| async move {
        let new = NewPluginJob {
            input: json!({"number": number}),
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
    let server = Server::start(&["--with-executor", "--slots=2"]);
    plugin(
        &server,
        "slow",
        "sleep 0.2; echo '{\"metric\": {\"n\": 1}}'",
    );
    let ids: Vec<String> = (0..4)
        .map(|_| super::submit(&server, &["slow"], &[]))
        .collect();
    let script = server.script("quick.sh", "sleep 0.2; echo done");
    let quick = server.run(&["job", "submit", &script]);
    assert_eq!(crate::harness::stdout(&quick), "done\n");
    let arguments = ["plugin-job", "wait"]
        .into_iter()
        .chain(ids.iter().map(String::as_str));
    let waited = server.run(&arguments.collect::<Vec<_>>());
    assert_eq!(
        crate::harness::code(&waited),
        Some(0),
        "{}",
        crate::harness::stderr(&waited)
    );
}
