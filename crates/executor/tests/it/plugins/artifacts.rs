//! What plugins leave in `$OUTPUT_DIR` is with the server before their ends are reported.

use executor::Isolation;
use serde_json::json;

use super::{PluginRegistry, execute, told};
use crate::test_executor::TestExecutor;

/// A script that leaves files and then measures.
fn leaves(script: &str) -> String {
    let script = format!("cd $OUTPUT_DIR && {script}; echo '{{\"metric\": {{\"n\": 1}}}}'");
    execute(&script)
}

/// The names and texts of the artefacts of a run, by name.
fn artifacts(executor: &TestExecutor, id: &str) -> Vec<(String, String)> {
    let state = executor.server.state();
    let of_run = state.artifacts.iter().filter(|((run, _), _)| run == id);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut artifacts: Vec<_> = of_run
        .map(|((_, name), bytes)| (name.clone(), text(bytes)))
        .collect();
    artifacts.sort();
    artifacts
}

fn pair(name: &str, text: &str) -> (String, String) {
    (name.to_owned(), text.to_owned())
}

#[tokio::test]
async fn each_plugin_has_a_folder_of_its_own_and_its_last_try_counts() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.script("one", "", &leaves("mkdir a; echo 1 >a/b"));
    plugin_registry.component("between", "", "");
    // What a try left that is tried again is in no one's way, and what it would sum up is no artefact.
    let tries = plugin_registry.0.path().join(".tries");
    let fails_first = format!(
        "echo 2 >a; if ! [ -e {tries} ]; then : >{tries}; : >first; exit 3; fi",
        tries = tries.display()
    );
    let sums_up = "case $call in *summarize*) : >$OUTPUT_DIR/c; echo '{\"summary\": 1}';; esac";
    let two = format!("{}\n{sums_up}", leaves(&fails_first));
    plugin_registry.script("two", "", &two);
    let executor = plugin_registry.executor(|settings| settings.isolation = Isolation::None);
    let executor = executor.await;
    executor.server.change(|state| state.artifact_failures = 2);
    let plugins = ["one", "between", "two"];
    executor.submit_plugins("job", &plugins, &json!({"retries": 1}));
    executor
        .wait_for("the first one's end is reported", |executor| {
            told(&executor.server.notes("job")).len() > 1
        })
        .await;
    assert_eq!(artifacts(&executor, "job")[0], pair("one/a/b", "1\n"));
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    assert_eq!((result.stdout.as_str(), result.stderr.as_str()), ("", ""));
    let wanted = [pair("one/a/b", "1\n"), pair("two/a", "2\n")];
    assert_eq!(artifacts(&executor, "job"), wanted);
    executor.end().await;
}

#[tokio::test]
async fn all_plugins_of_a_job_share_its_limits() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.script("one", "", &leaves("echo 12345 >a; echo 1 >b"));
    plugin_registry.script(
        "two",
        "",
        &leaves("echo 123456789 >a; echo 1 >b; echo 1 >c"),
    );
    let executor = plugin_registry.executor(|settings| {
        settings.artifact_limit = 3;
        settings.artifact_limit_bytes = 16;
    });
    let executor = executor.await;
    executor.submit_plugins("job", &["one", "two"], &json!({}));
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    let wanted = [
        pair("one/a", "12345\n"),
        pair("one/b", "1\n"),
        pair("two/b", "1\n"),
    ];
    assert_eq!(artifacts(&executor, "job"), wanted);
    let omitted = "\
playhouse: artefact \"two/a\" was not kept: the executor keeps at most 16 bytes of a job
playhouse: artefact \"two/c\" was not kept: the executor keeps at most 3 of a job\n";
    assert_eq!(result.stderr, omitted);
    assert_eq!(executor.log("job", "stderr"), omitted);
    executor.end().await;
}

#[tokio::test]
async fn a_plugin_that_fails_or_is_stopped_keeps_what_it_left() {
    let plugin_registry = PluginRegistry::new();
    plugin_registry.script("fails", "", &leaves("echo 1 >a; exit 3"));
    let short = "[limits]\ntimeout_ms = 500\n";
    plugin_registry.script("late", short, &leaves("echo 2 >a; sleep 600"));
    plugin_registry.script(
        "sleeps",
        "",
        &leaves("echo 3 >a; : >\"$(dirname $0)/../.begun\"; sleep 600"),
    );
    let executor = plugin_registry.executor(|settings| settings.isolation = Isolation::None);
    let executor = executor.await;
    let plugins = ["fails", "late", "sleeps"];
    executor.submit_plugins("job", &plugins, &json!({}));
    let begun = plugin_registry.0.path().join(".begun");
    executor
        .wait_for("the last one runs", |_| begun.exists())
        .await;
    assert_eq!(artifacts(&executor, "job").len(), 2, "of those that ended");
    executor.server.cancel("job");
    let result = executor.result("job").await;
    assert_eq!(result.error_message.as_deref(), Some("cancelled"));
    let wanted = [("fails/a", "1\n"), ("late/a", "2\n"), ("sleeps/a", "3\n")];
    assert_eq!(
        artifacts(&executor, "job"),
        wanted.map(|(name, text)| pair(name, text))
    );
    executor.end().await;
}
