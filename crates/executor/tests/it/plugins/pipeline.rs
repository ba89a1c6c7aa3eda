//! The way through a job: order, chaining, storage, summaries, retries, resuming.

use std::time::Duration;

use serde_json::json;
use wire::executors::Stage;

use super::{PluginRegistry, execute, gate_opens_while_away, left, told};
use crate::test_executor::TestExecutor;

#[tokio::test]
async fn plugins_run_in_the_order_of_the_job_and_hand_on_what_they_leave() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.script(
        "first",
        "",
        "case $call in *execute*) echo '{\"store\": {\"key\": \"k\", \"value\": 7}}'
        echo '{\"output\": \"handed on\"}'; echo '{\"metric\": {\"n\": 1}}';;
        *summarize*) echo '{\"summary\": {\"of\": \"first\"}}';; esac",
    );
    // It sees what the first one left, and where it works.
    plugin_registry.script(
        "second",
        "",
        &execute(
            "case $call in *'\"output\":\"handed on\"'*'\"storage\":{\"k\":7}'*) n=2;; *) n=0;; esac
            echo \"in $(pwd)\" >&2; echo x >\"$HOME/f\" && echo y >\"$TMPDIR/f\" || n=0
            if echo z >\"$(dirname \"$0\")/f\"; then n=3; fi
            echo \"{\\\"metric\\\": {\\\"n\\\": $n}}\"",
        ),
    );
    let executor = plugin_registry.executor(|_| {}).await;
    let more = json!({"debug": true, "input": {"text": "t"}});
    executor.submit_plugins("job", &["first", "second"], &more);
    let result = executor.result("job").await;
    assert!(
        result.completed(),
        "{result:?} {:?}",
        executor.server.notes("job")
    );
    assert_eq!(result.exit_code, None);
    assert_eq!(result.token, 1);
    assert_eq!(result.error_message, None);
    let notes = executor.server.notes("job");
    assert_eq!(told(&notes), ["+first", "first", "+second", "second"]);
    assert_eq!(
        notes[1].parts.len(),
        2,
        "an end and a begin are one request"
    );
    let left = left(&executor, "job");
    let metrics: Vec<_> = left.ended.iter().map(|one| one.metric.clone()).collect();
    assert_eq!(
        metrics,
        [Some(json!({"n": 1}).into()), Some(json!({"n": 2}).into())],
        "{left:?}"
    );
    assert_eq!(json!(left.state.storage), json!({"k": 7}));
    assert_eq!(json!(left.state.summary), json!({"first": {"of": "first"}}));
    let log = &left.ended[1].logs;
    assert!(log[0].message.contains("/data/work/attempt-"), "{log:?}");
    executor.end().await;
}

#[tokio::test]
async fn a_plugin_that_fails_is_tried_again_and_hides_no_other() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.script("bad", "", "echo '{\"error\": {\"message\": \"never\"}}'");
    plugin_registry.counter("good", 4);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("job", &["bad", "good"], &json!({"retries": 2}));
    let result = executor.result("job").await;
    assert!(!result.completed());
    let message = result.error_message;
    assert_eq!(message.as_deref(), Some("plugin `bad` failed: never"));
    let notes = executor.server.notes("job");
    assert_eq!(told(&notes), ["+bad", "!bad", "+good", "good"]);
    let started = notes.iter().flat_map(|note| &note.parts);
    let started = started.filter(|part| part.stage == Stage::Started);
    let tries: Vec<u32> = started.map(|part| part.tries).collect();
    assert_eq!(tries, [1, 2, 3, 1], "each try is on disk before it begins");
    assert_eq!(left(&executor, "job").tries, [3, 1]);
    // The second try comes after the note of the first, and the third after that of the second.
    let times = executor.server.state().note_times.clone();
    for (place, least) in [(1, 100), (2, 200)] {
        let waited = times[place + 1] - times[place];
        assert!(waited >= Duration::from_millis(least), "{waited:?}");
    }
    executor.end().await;
}

#[tokio::test]
async fn an_attempt_goes_on_where_the_one_before_it_ended() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.counter("done", 1);
    // Only what was noted can have come to it.
    let sees =
        "case $call in *'\"output\":\"handed on\"'*'\"storage\":{\"k\":7}'*) n=1;; *) n=0;; esac
        echo \"{\\\"metric\\\": {\\\"n\\\": $n}}\"";
    plugin_registry.script("next", "", &execute(sees));
    plugin_registry.script("tried", "", "echo '{\"error\": {\"message\": \"no\"}}'");
    let executor = plugin_registry.executor(|_| {}).await;
    let part = |number, name, stage, tries, body| {
        json!({"number": number, "name": name, "path": "", "stage": stage, "attempt": 1, "tries": tries,
            "started_at": "2026-01-01T00:00:00Z", "body": body})
    };
    let parts = [
        part(1, "done", "completed", 1, json!({"metric": {"n": 9}})),
        part(2, "tried", "interrupted", 3, json!(null)),
    ];
    let state = json!({"output": "handed on", "storage": {"k": 7}});
    let more = json!({"retries": 2, "attempt": 2, "parts": parts, "state": state});
    executor.submit_plugins("job", &["done", "tried", "next"], &more);
    assert!(!executor.result("job").await.completed());
    let notes = executor.server.notes("job");
    assert_eq!(told(&notes), ["+tried", "!tried", "+next", "next"]);
    let left = left(&executor, "job");
    assert_eq!(json!(left.state.storage), json!({"k": 7}));
    assert_eq!(
        left.ended[1].metric,
        Some(json!({"n": 1}).into()),
        "it sees what the attempt before left"
    );
    assert_eq!(left.tries, [3, 1], "the count of tries goes on");
    executor.end().await;
}

#[tokio::test]
async fn what_the_executor_lacks_is_no_failure_of_a_plugin() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.counter("one", 1);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.registration().await;
    executor.remove_work_dir();
    executor.submit_plugins("job", &["one"], &json!({}));
    let (job, what) = executor.abandoned().await;
    assert_eq!(job, "job");
    assert!(
        what.starts_with("the work directory cannot be made"),
        "{what}"
    );
    assert_eq!(told(&executor.server.notes("job")), ["+one"]);
    executor.restore_work_dir();
    executor.end().await;
}

#[tokio::test]
async fn what_the_executor_lacks_for_a_summary_leaves_the_job_to_others() {
    let plugin_registry = PluginRegistry::new();
    let gate = plugin_registry.gated("waits");
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("job", &["waits"], &json!({}));
    // The note of its end has to wait, and the summary with it.
    gate_opens_while_away(&executor, &gate).await;
    executor.remove_work_dir();
    executor.server.change(|state| state.away = false);
    let (job, what) = executor.abandoned().await;
    assert_eq!(job, "job");
    let begin = "the work directory cannot be made";
    assert!(what.starts_with(begin), "{what}");
    assert_eq!(told(&executor.server.notes("job")), ["+waits", "waits"]);
    executor.restore_work_dir();
    executor.end().await;
}

#[tokio::test]
async fn an_executor_may_be_without_a_plugin() {
    let plugin_registry = PluginRegistry::new();
    for name in ["one", "two"] {
        plugin_registry.counter(name, 1);
    }
    let without = |settings: &mut executor::Settings| {
        let plugins = settings.plugins.as_mut().expect("it has some");
        plugins.without = vec!["two".to_owned()];
    };
    let executor = plugin_registry.executor(without).await;
    let told = executor.registration().await.plugins;
    let names: Vec<_> = told.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["one"]);
    executor.end().await;
}

#[tokio::test]
async fn a_plugin_that_was_removed_after_the_claim_is_looked_for_elsewhere() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.counter("one", 1);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("job", &["one", "two"], &json!({}));
    let (job, what) = executor.abandoned().await;
    assert_eq!(job.as_str(), "job");
    assert_eq!(what.as_str(), "it has no plugin `two` any more");
    assert_eq!(
        told(&executor.server.notes("job")),
        [""; 0],
        "nothing was begun"
    );
    executor.end().await;
}

/// Takes an object with this field, or a plugin's output that has it.
fn takes(field: &str) -> String {
    let schema = format!("{{ type = \"object\", required = [\"{field}\"] }}\n");
    format!("[input]\nschema = {schema}output_schema = {schema}")
}

#[tokio::test]
async fn what_does_not_take_the_input_is_skipped_where_the_job_names_no_plugins() {
    let plugin_registry = PluginRegistry::new();
    let measure = execute("echo '{\"output\": {\"found\": 1}}'; echo '{\"metric\": {\"n\": 1}}'");
    plugin_registry.script("other", &takes("other"), &measure);
    plugin_registry.script("text", &takes("text"), &measure);
    // It takes what the one before it left.
    plugin_registry.script("found", &takes("found"), &measure);
    plugin_registry.counter("any", 2);
    let executor = plugin_registry.executor(|_| {}).await;
    let plugins = ["other", "text", "found", "any"];
    let unnamed = json!({"input": {"text": "t"}, "skipUnfit": true});
    executor.submit_plugins("unnamed", &plugins, &unnamed);
    let result = executor.result("unnamed").await;
    assert!(result.completed(), "{result:?}");
    let turns = ["-other", "+text", "text", "+found", "found", "+any", "any"];
    assert_eq!(told(&executor.server.notes("unnamed")), turns);
    let skipped = left(&executor, "unnamed").ended[0].clone();
    assert!(
        skipped
            .skipped
            .expect("a reason")
            .contains("\"other\" is a required")
    );
    assert_eq!((skipped.metric, skipped.error), (None, None));

    let named = json!({"input": {"text": "t"}});
    executor.submit_plugins("named", &plugins, &named);
    let result = executor.result("named").await;
    let error = result.error_message.expect("it failed");
    assert!(
        error.starts_with("plugin `other` failed: the input is not"),
        "{error}"
    );

    let nobody = json!({"input": 7, "skipUnfit": true});
    executor.submit_plugins("nobody", &["other", "text"], &nobody);
    let result = executor.result("nobody").await;
    let error = result.error_message.expect("it failed");
    assert!(
        error.starts_with("no plugin takes the input: `other`: "),
        "{error}"
    );
    assert_eq!(told(&executor.server.notes("nobody")), ["-other", "-text"]);
    executor.end().await;
}

#[tokio::test]
async fn what_is_installed_while_the_executor_runs_is_told_to_the_server() {
    let plugin_registry = PluginRegistry::new();
    // The longest name that there is.
    let early = "e".repeat(64);
    plugin_registry.counter(&early, 1);
    plugin_registry.script("un-usable", "oops = 1\n", "");
    let executor = plugin_registry.executor(|_| {}).await;
    let names = |executor: &TestExecutor| {
        let state = executor.server.state();
        let plugins = &state.registration.as_ref()?.plugins;
        let names = plugins
            .iter()
            .map(|one| (one.name.clone(), one.error.is_some()));
        Some(names.collect::<Vec<_>>())
    };
    let first = executor.until("it registers", names).await;
    assert_eq!(
        first,
        [(early.clone(), false), ("un-usable".to_owned(), true)]
    );
    assert_eq!(
        executor.registration().await.kinds,
        ["job", "plugin_job", "execution"]
    );
    plugin_registry.component("later", "", "");
    let wanted = ("later".to_owned(), false);
    executor
        .until("the new one is told", |executor| {
            names(executor)?.contains(&wanted).then_some(())
        })
        .await;
    executor.submit_plugins("job", &["later", &early], &json!({}));
    assert!(executor.result("job").await.completed());
    executor.end().await;
}
