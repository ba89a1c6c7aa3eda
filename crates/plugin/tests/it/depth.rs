//! What a plugin leaves that is nested too deep: a failed call of either host, and nothing more.

use plugin::{CancellationToken, Cause, JsonText, process::Plain};
use serde_json::{Value, json};

use crate::{
    component::simple,
    test_host::{COUNT, TestHost, execute, input, load},
};

/// What is still kept.
const MOST: usize = 100;

const TREE: &str = "[[metrics]]\nname = \"tree\"\ntype = \"array\"\n";

fn nested(levels: usize) -> String {
    "[".repeat(levels) + &"]".repeat(levels)
}

/// A metric of so many levels.
fn tree(levels: usize) -> String {
    format!("{{\"tree\": {}}}", nested(levels - 1))
}

fn says(script: &str) -> String {
    format!("cat <<'END'\n{script}\nEND")
}

#[tokio::test]
async fn what_is_nested_too_deep_fails_the_call_of_a_process() {
    let host = TestHost::new();
    for (name, what) in [
        ("metric", "the metric"),
        ("output", "the output"),
        ("store", "the entry `k` of the store"),
    ] {
        for (levels, fits) in [(MOST, true), (MOST + 1, false)] {
            let (mut metric, mut line) = (tree(2), String::new());
            match name {
                "metric" => metric = tree(levels),
                "output" => line = format!("{{\"output\": {}}}", nested(levels)),
                _ => {
                    line = format!(
                        "{{\"store\": {{\"key\": \"k\", \"value\": {}}}}}",
                        nested(levels)
                    );
                }
            }
            let script = says(&format!("{line}\n{{\"metric\": {metric}}}"));
            let plugin = load(&host.script(&format!("{name}-{levels}"), TREE, &script));
            let called = execute(&plugin, &input(json!(1))).await;
            let Err(failure) = called else {
                assert!(fits, "{name}");
                continue;
            };
            assert!(!fits, "{name}: {failure}");
            assert_eq!(failure.cause.kind(), "depth", "{name}: {failure}");
            let message = failure.to_string();
            let begin = format!("{what} is nested deeper than {MOST} levels at /");
            assert!(message.starts_with(&begin), "{name}: {message}");
        }
    }
}

#[tokio::test]
async fn what_is_nested_too_deep_fails_the_call_of_a_component() {
    let host = TestHost::new();
    let good = tree(MOST);
    let ok = load(&host.component("good", TREE, &simple("(call $ok $0)", &[&good])));
    let outcome = execute(&ok, &input(json!(1))).await.expect("an outcome");
    let wanted: Value = serde_json::from_str(&good).expect("JSON");
    assert_eq!(outcome.metric, wanted);

    let deep = nested(MOST + 1);
    let sets = "(call $set $1 $2 (i32.const 700)) (call $ok $0)";
    let short = tree(2);
    for (name, body, texts) in [
        ("metric", "(call $ok $0)", [tree(MOST + 1).as_str(), "", ""]),
        ("output", "(call $both $0 $1)", [&short, &deep, ""]),
        ("store", sets, [&short, "k", &deep]),
    ] {
        let plugin = load(&host.component(name, TREE, &simple(body, &texts)));
        let failure = execute(&plugin, &input(json!(1))).await;
        let cause = failure.expect_err(name).cause;
        assert!(
            matches!(cause, Cause::Depth { limit: MOST, .. }),
            "{name}: {cause}"
        );
    }
}

#[tokio::test]
async fn a_summary_that_is_nested_too_deep_is_none() {
    let host = TestHost::new();
    let script = says(&format!("{{\"summary\": {}}}", nested(MOST + 1)));
    let process = load(&host.script("process", COUNT, &script));
    // Its summary is the last metric.
    let component = load(&host.component("component", COUNT, &simple("(unreachable)", &[])));
    let metrics: Vec<JsonText> =
        serde_json::from_str(&format!("[{}]", nested(MOST + 1))).expect("JSON");
    for plugin in [process, component] {
        let (limits, cancel) = (plugin.manifest().limits, CancellationToken::new());
        let summary = plugin.summarize(&metrics, &limits, &Plain, &cancel).await;
        let cause = summary.expect_err("too deep").cause;
        assert_eq!(cause.kind(), "depth", "{cause}");
    }
}
