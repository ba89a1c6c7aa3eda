//! Plugins that do their worst: each is a failed plugin with a reason, and the job goes on.

use std::time::Duration;

use executor::{Isolation, Settings, Support, probe};
use serde_json::json;

use super::{PluginRegistry, execute, left};
use crate::test_dir::{eventually, runs, shim, unique_sleep};

#[tokio::test]
async fn whatever_a_plugin_does_the_others_run_and_nothing_is_left() {
    let sleep = unique_sleep();
    let plugin_registry = PluginRegistry::new();
    let short = "[limits]\ntimeout_ms = 1500\n";
    let loops = format!("setsid sleep {sleep} & while :; do :; done");
    let cases = [
        ("loops", short, execute(&loops), "took longer than 1500 ms"),
        (
            "prints",
            "",
            execute("exec yes '{\"log\": {\"level\": \"info\", \"message\": \"x\"}}'"),
            "put out more than",
        ),
        ("mutters", "", execute("yes >&2"), "put out more than"),
        (
            "leaves",
            "",
            execute("echo '{\"output\": 1}'; exit 3"),
            "exited with code 3",
        ),
        ("dies", "", execute("kill -SEGV $$"), "signal 11"),
        ("stutters", "", execute("echo '{\"metric\": {'"), "line 1"),
        (
            "lies",
            "",
            execute("echo '{\"metric\": {\"n\": \"many\"}}'"),
            "/n",
        ),
        ("says-nothing", "", String::new(), "without a `metric`"),
    ];
    for (name, more, script, _) in &cases {
        plugin_registry.script(name, more, script);
    }
    plugin_registry.component("spins", short, "(loop $for-ever (br $for-ever))");
    plugin_registry.component("traps", "", "(unreachable)");
    plugin_registry.component(
        "grows",
        "[limits]\nmemory_bytes = 16777216\n",
        "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)",
    );
    plugin_registry.counter("last", 5);
    let mut wanted: Vec<(&str, &str)> = cases
        .iter()
        .map(|(name, _, _, why)| (*name, *why))
        .collect();
    wanted.extend([
        ("spins", "took longer"),
        ("traps", "trapped"),
        ("grows", "of memory"),
    ]);
    let mut names: Vec<&str> = wanted.iter().map(|(name, _)| *name).collect();
    names.push("last");
    for isolation in [Isolation::None, Isolation::Standard] {
        let executor = plugin_registry
            .executor(|settings| settings.isolation = isolation)
            .await;
        executor.submit_plugins("job", &names, &json!({}));
        assert!(!executor.result("job").await.completed());
        let ended = left(&executor, "job").ended;
        for (one, (name, why)) in ended.iter().zip(&wanted) {
            let error = one.error.as_deref().unwrap_or_default();
            assert!(error.contains(why), "{isolation}: {name}: {one:?}");
        }
        assert_eq!(
            ended.last().and_then(|one| one.metric.clone()),
            Some(json!({"n": 5}).into())
        );
        eventually("nothing of them runs", || !runs(&sleep));
        executor.end().await;
    }
}

#[tokio::test]
async fn what_is_nested_too_deep_is_one_plugins_failure() {
    let plugin_registry = PluginRegistry::new();
    let deep = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    let says = |line: &str| {
        execute(&format!(
            "echo '{line}'; echo '{{\"metric\": {{\"n\": 1}}}}'"
        ))
    };
    // As deep as a reader of JSON still takes a line.
    plugin_registry.script("deep", "", &says(&format!("{{\"output\": {}}}", deep(120))));
    plugin_registry.script("most", "", &says(&format!("{{\"output\": {}}}", deep(100))));
    plugin_registry.counter("last", 5);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("job", &["deep", "most", "last"], &json!({}));
    let error = executor.result("job").await.error_message;
    let error = error.expect("it failed");
    let begin = "plugin `deep` failed: the output is nested deeper than 100 levels at /0/0";
    assert!(
        error.starts_with(begin) && !error.contains("most"),
        "{error}"
    );
    assert_eq!(
        left(&executor, "job").ended[2].metric,
        Some(json!({"n": 5}).into())
    );
    executor.end().await;
}

#[tokio::test]
async fn a_job_does_not_keep_all_logs_of_many_failures() {
    const TAKEN_BYTES: usize = 16 << 20;
    let plugin_registry = PluginRegistry::new();
    // Each byte of it is six as JSON.
    let noise = "head -c 250000 /dev/zero | tr '\\0' '\\001' | fold -w 1000 >&2; exit 3";
    let mut names: Vec<String> = (10..24).map(|number| format!("noisy-{number}")).collect();
    for name in &names {
        plugin_registry.script(name, "", &execute(noise));
    }
    plugin_registry.counter("last", 5);
    names.push("last".to_owned());
    let executor = plugin_registry.executor(|_| {}).await;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    executor.submit_plugins("job", &names, &json!({"debug": true}));
    assert!(!executor.result("job").await.completed());
    let ended = left(&executor, "job").ended;
    let bytes = serde_json::to_vec(&ended).expect("JSON").len();
    assert!(bytes < TAKEN_BYTES, "{bytes}");
    assert_eq!(ended.len(), names.len());
    assert!(ended[0].logs.len() > 200, "there was room");
    let [log] = &ended[names.len() - 2].logs[..] else {
        panic!("there was room for all");
    };
    assert!(log.message.contains("no room for this log"), "{log:?}");
    assert_eq!(ended[names.len() - 1].metric, Some(json!({"n": 5}).into()));
    executor.end().await;
}

#[tokio::test]
async fn a_process_gets_no_more_memory_than_its_manifest_says() {
    let plugin_registry = PluginRegistry::new();
    let more = "[limits]\nmemory_bytes = 33554432\ntimeout_ms = 60000\n";
    // The shell keeps all of it in one variable.
    let greedy = execute("x=0123456789abcdef; while :; do x=$x$x; done");
    plugin_registry.script("greedy", more, &greedy);
    let executor = plugin_registry.executor(|_| {}).await;
    executor.submit_plugins("job", &["greedy"], &json!({}));
    let result = executor.result("job").await;
    assert!(!result.completed());
    let ended = left(&executor, "job").ended;
    assert!(ended[0].took_ms < 50_000, "it was not its time: {ended:?}");
    executor.end().await;
}

#[tokio::test]
async fn the_processes_of_a_plugin_share_its_memory_where_control_groups_are() {
    let plugin_registry = PluginRegistry::new();
    // Each keeps less than it may, and all together keep more. Who is killed for it fails the plugin.
    let together = "for n in 1 2 3 4; do
            { head -c 40000000 /dev/zero; sleep 15; } | tail >/dev/null & all=\"$all $!\"
        done
        for one in $all; do wait $one || exit 1; done
        echo '{\"metric\": {\"n\": 1}}'";
    let more = "[limits]\nmemory_bytes = 67108864\n";
    plugin_registry.script("together", more, &execute(together));
    let little = "[limits]\nmemory_bytes = 2097152\n";
    plugin_registry.script(
        "little",
        little,
        &execute("echo '{\"metric\": {\"n\": 1}}'"),
    );
    let executor = plugin_registry.executor(|_| {}).await;
    let findings = probe(&Settings::new("probe", executor.dir.path("probe"), shim()));
    let mut limits = findings.iter().filter(|one| one.name == "memory limit");
    let limited = limits.any(|one| one.support == Support::Full);
    executor.submit_plugins("job", &["little", "together"], &json!({}));
    let error = executor.result("job").await.error_message;
    let says = "plugin `together` failed: the plugin wanted more than 67108864 bytes of memory";
    assert_eq!(error.as_deref(), limited.then_some(says));
    executor.end().await;
}

#[tokio::test]
async fn a_plugin_in_a_strict_executor_has_no_network() {
    let plugin_registry = PluginRegistry::new();
    let script = "n=$(wc -l </proc/net/dev); echo \"{\\\"metric\\\": {\\\"n\\\": $n}}\"";
    plugin_registry.script("looks", "", &execute(script));
    let executor = plugin_registry.executor(|settings| {
        settings.isolation = Isolation::Strict;
        settings.cancel_grace = Duration::from_millis(100);
    });
    let executor = executor.await;
    executor.submit_plugins("job", &["looks"], &json!({}));
    let result = executor.result("job").await;
    assert!(result.completed(), "{result:?}");
    // Two lines of header, and loopback.
    assert_eq!(
        left(&executor, "job").ended[0].metric,
        Some(json!({"n": 3}).into())
    );
    executor.end().await;
}
