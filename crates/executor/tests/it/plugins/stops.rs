//! Jobs that are stopped: by a cancel, by their time, by a lost lease, by the end of the executor.

use std::time::Duration;

use serde_json::json;
use wire::executors::ResultOutcome;

use super::{PluginRegistry, execute, gate_opens_while_away, left, told};
use crate::{
    test_dir::{runs, unique_sleep},
    test_executor::TestExecutor,
};

fn sleeper(plugin_registry: &PluginRegistry, sleep: &str) {
    // It ignores what asks it to end, and leaves the group.
    let script = format!("trap '' TERM; setsid sleep {sleep} & sleep {sleep}");
    plugin_registry.script("sleeps", "", &execute(&script));
    plugin_registry.counter("before", 1);
    plugin_registry.counter("after", 1);
    plugin_registry.component("spins", "", "(loop $for-ever (br $for-ever))");
}

#[tokio::test]
async fn a_cancel_ends_the_plugin_that_runs_and_starts_no_other() {
    let (plugin_registry, sleep) = (PluginRegistry::new(), unique_sleep());
    sleeper(&plugin_registry, &sleep);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("process", &["before", "sleeps", "after"], &json!({}));
    executor.submit_plugins("component", &["before", "spins", "after"], &json!({}));
    for (id, plugin) in [("process", "sleeps"), ("component", "spins")] {
        let started = |executor: &TestExecutor| {
            let notes = executor.server.notes(id);
            told(&notes).contains(&format!("+{plugin}"))
        };
        executor.wait_for("it runs", started).await;
    }
    executor.sees(&sleep, true).await;
    for id in ["process", "component"] {
        executor.server.cancel(id);
        let result = executor.result(id).await;
        assert_eq!(result.outcome, ResultOutcome::Failed, "{result:?}");
        assert_eq!(left(&executor, id).ended.len(), 1);
    }
    executor.sees(&sleep, false).await;
    executor.end().await;
}

#[tokio::test]
async fn the_time_is_the_whole_jobs() {
    let (plugin_registry, sleep) = (PluginRegistry::new(), unique_sleep());
    sleeper(&plugin_registry, &sleep);
    let executor = plugin_registry.executor(|_| {}).await;
    let more = json!({"remaining_ms": 10_000, "retries": 100});
    executor.submit_plugins("process", &["before", "sleeps", "after"], &more);
    executor.submit_plugins("component", &["spins"], &more);
    for (id, plugin) in [("process", "sleeps"), ("component", "spins")] {
        let result = executor.result(id).await;
        assert_eq!(result.outcome, ResultOutcome::TimedOut, "{result:?}");
        let message = result.error_message.expect("a reason");
        assert!(message.contains(plugin), "{message}");
    }
    executor.sees(&sleep, false).await;
    executor.end().await;
}

#[tokio::test]
async fn a_lost_lease_stops_the_work_at_once_and_nothing_is_told() {
    let (plugin_registry, sleep) = (PluginRegistry::new(), unique_sleep());
    sleeper(&plugin_registry, &sleep);
    let executor = plugin_registry.executor(|_| {}).await;
    // Not the end of its lease stops it, which is an hour away.
    let more = json!({"lease_seconds": 3600.0});
    executor.submit_plugins("job", &["sleeps"], &more);
    executor.sees(&sleep, true).await;
    executor.server.change(|state| {
        state.held.remove("job");
    });
    executor.sees(&sleep, false).await;
    let executor = executor.end().await;
    assert!(executor.server.state().results.is_empty());
}

#[tokio::test]
async fn a_job_whose_lease_cannot_be_renewed_is_stopped_and_given_back_as_lost() {
    let (plugin_registry, sleep) = (PluginRegistry::new(), unique_sleep());
    sleeper(&plugin_registry, &sleep);
    let executor = plugin_registry.executor(|_| {}).await;
    let more = json!({"lease_seconds": 4.0});
    executor.submit_plugins("job", &["sleeps"], &more);
    executor.sees(&sleep, true).await;
    executor.server.change(|state| state.silent = true);
    executor.sees(&sleep, false).await;
    executor.server.change(|state| state.silent = false);
    let (job, why) = executor.abandoned().await;
    assert_eq!(job.as_str(), "job");
    assert_eq!(why.as_str(), "its lease could not be renewed");
    let executor = executor.end().await;
    assert!(executor.server.state().released.is_empty());
}

#[tokio::test]
async fn a_note_waits_while_the_server_is_away_and_the_next_plugin_with_it() {
    let plugin_registry = PluginRegistry::new();
    let gate = plugin_registry.gated("waits");
    plugin_registry.counter("after", 1);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("job", &["waits", "after"], &json!({}));
    gate_opens_while_away(&executor, &gate).await;
    assert_eq!(executor.server.notes("job").len(), 1);
    executor.server.change(|state| state.away = false);
    assert!(executor.result("job").await.completed());
    assert_eq!(
        told(&executor.server.notes("job")),
        ["+waits", "waits", "+after", "after"]
    );
    executor.end().await;
}

#[tokio::test]
async fn a_drain_that_takes_too_long_gives_the_job_back() {
    let (plugin_registry, sleep) = (PluginRegistry::new(), unique_sleep());
    sleeper(&plugin_registry, &sleep);
    let executor = plugin_registry
        .executor(|settings| settings.drain_grace = Duration::from_millis(100))
        .await;
    executor.submit_plugins("job", &["before", "sleeps"], &json!({}));
    executor.sees(&sleep, true).await;
    let executor = executor.end().await;
    assert_eq!(executor.server.state().released, ["job"]);
    assert!(!runs(&sleep));
}
