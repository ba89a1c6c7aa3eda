//! Process plugins: the protocol, its bounds, and programs that misbehave.

use std::time::{Duration, Instant};

use plugin::{CancellationToken, Cause, Context, JsonText, Level, process::Plain};
use serde_json::{Value, json};

use crate::test_host::{COUNT, DEADLINE, TestHost, cause, execute, input, load, messages};

const GOOD: &str = "read -r call\necho '{\"metric\": {\"count\": 1}}'";

#[tokio::test]
async fn a_process_answers_with_all_that_there_is() {
    let host = TestHost::new();
    let script = r#"
read -r call
echo '{"log": {"level": "warn", "message": "odd"}}'
echo on standard error >&2
echo '{"store": {"key": "seen", "value": [1, 2]}}'
echo '{"store": {"key": "old", "value": null}}'

printf '{"output": %s}\n' "$call"
printf '%s' '{"metric": {"count": 3}}'"#;
    let plugin = load(&host.script("good", COUNT, script));
    let mut context = input(json!({"text": "ä\nb"}));
    context.storage = [(String::from("old"), json!(true).into())].into();
    context.output = Some(json!("from before").into());
    let outcome = execute(&plugin, &context).await.expect("an outcome");
    assert_eq!(outcome.metric, json!({"count": 3}));
    let storage: Vec<(&str, Option<Value>)> = outcome
        .storage
        .iter()
        .map(|(key, value)| (&**key, value.as_ref().map(JsonText::value)))
        .collect();
    assert_eq!(storage, [("old", None), ("seen", Some(json!([1, 2])))]);
    // The output is the call, as the plugin heard it.
    let heard = outcome.output.expect("an output").value();
    assert_eq!(heard["call"], "execute");
    let expected = json!({
        "job_id": "job", "input": {"text": "ä\nb"}, "output": "from before",
        "storage": {"old": true}, "debug": false,
    });
    assert_eq!(heard["context"], expected);
    let mut logged = messages(&outcome.logs);
    logged.sort_unstable();
    assert_eq!(logged, ["odd", "on standard error"]);
    let odd = outcome.logs.lines.iter().find(|line| line.message == "odd");
    assert_eq!(odd.map(|line| line.level), Some(Level::Warn));
}

#[tokio::test]
async fn every_digit_of_a_number_goes_through_a_process() {
    let host = TestHost::new();
    // It hands on what it hears, and measures it.
    let script = r#"
read -r call
input=${call#*\"input\":}
input=${input%%,\"output\"*}
printf '{"output": %s}\n' "$input"
printf '{"store": {"key": "k", "value": %s}}\n' "$input"
printf '{"metric": {"count": %s}}\n' "$input""#;
    let plugin = load(&host.script("exact", &COUNT.replace("integer", "number"), script));
    for digits in [
        "123456789012345678901234567890",
        "0.1000000000000000055511151231257827",
        "1.0",
        "-0.0",
        "1E5",
    ] {
        let context = Context {
            input: JsonText::new(digits).expect("a number"),
            ..Context::default()
        };
        let outcome = execute(&plugin, &context).await.expect("an outcome");
        assert_eq!(outcome.output.expect("an output").get(), digits);
        assert_eq!(
            outcome.storage["k"].as_ref().expect("an entry").get(),
            digits
        );
        assert_eq!(outcome.metric.get(), format!("{{\"count\":{digits}}}"));
    }
}

#[tokio::test]
async fn a_process_may_leave_its_input_unread() {
    let host = TestHost::new();
    let plugin = load(&host.script("deaf", COUNT, "echo '{\"metric\": {\"count\": 1}}'"));
    let outcome = execute(&plugin, &input(json!("x".repeat(4 << 20)))).await;
    assert_eq!(outcome.expect("an outcome").metric, json!({"count": 1}));
}

#[tokio::test]
async fn summaries_and_descriptions_are_asked_for() {
    let host = TestHost::new();
    let script = r#"
read -r call
case $call in
*summarize*) printf '{"summary": %s}\n' "$call";;
*describe*) echo '{"description": {"name": "n", "version": "2", "description": "d"}}';;
esac"#;
    let plugin = load(&host.script("three", COUNT, script));
    let (limits, cancel) = (plugin.manifest().limits, CancellationToken::new());
    let metrics = [json!({"count": 1}), json!({"count": 2})].map(JsonText::from);
    let summary = plugin.summarize(&metrics, &limits, &Plain, &cancel).await;
    let summary = summary
        .expect("a summary")
        .summary
        .expect("a summary")
        .value();
    assert_eq!(summary["metrics"], json!(metrics));
    let description = plugin.describe(&limits, &Plain, &cancel).await;
    assert_eq!(description.expect("a description").version, "2");
    // It has no metric for `execute`.
    let Err(failure) = execute(&plugin, &input(json!({}))).await else {
        panic!("nothing is no answer");
    };
    assert_eq!(failure.cause.kind(), "protocol");

    let silent = load(&host.script("silent", COUNT, "true"));
    let summary = silent.summarize(&metrics, &limits, &Plain, &cancel).await;
    assert_eq!(summary.expect("no failure").summary, None);
}

#[tokio::test]
async fn what_is_no_answer_is_told_with_its_line() {
    let host = TestHost::new();
    let metric = r#"echo '{"metric": {"count": 1}}'"#;
    for (name, script, line, says) in [
        ("no-json", "echo; echo 'hello there'", 2, "`hello there`"),
        ("cut-off", "printf '{\"metric\": {\"cou'", 1, "EOF"),
        ("no-utf8", "printf '\\n\\n\\377\\n'", 3, "UTF-8"),
        (
            "unknown",
            r#"echo '{"metrics": {}}'"#,
            1,
            "unknown variant `metrics`",
        ),
        (
            "two-words",
            r#"echo '{"output": 1, "metric": {}}'"#,
            1,
            "column",
        ),
        ("a-list", "echo '[1]'", 1, "column"),
        (
            "extra",
            r#"echo '{"store": {"key": "k", "value": 1, "for": 2}}'"#,
            1,
            "unknown field",
        ),
        (
            "bad-level",
            r#"echo '{"log": {"level": "loud", "message": ""}}'"#,
            1,
            "loud",
        ),
        (
            "missing",
            r#"echo '{"output": 1}'"#,
            2,
            "without a `metric`",
        ),
        ("nothing", "true", 1, "without a `metric`"),
        (
            "double",
            &format!("{metric}; {metric}"),
            2,
            "a second `metric`",
        ),
        (
            "wrong-kind",
            r#"echo '{"summary": 1}'"#,
            1,
            "does not answer `execute`",
        ),
    ] {
        let Cause::Protocol {
            line: found,
            message,
        } = cause(&host.script(name, COUNT, script)).await
        else {
            panic!("{name}: no error of the protocol");
        };
        assert_eq!(found, Some(line), "{name}: {message}");
        assert!(message.contains(says), "{name}: {message}");
    }
}

#[tokio::test]
async fn how_a_process_ended_counts() {
    let host = TestHost::new();
    let metric = r#"echo '{"metric": {"count": 1}}'"#;
    let exits = cause(&host.script("exits", COUNT, &format!("{metric}; exit 3"))).await;
    assert_eq!(exits, Cause::Exit { code: 3 });
    let middle = cause(&host.script("middle", COUNT, "printf '{\"met'; exit 4")).await;
    assert_eq!(middle, Cause::Exit { code: 4 });
    let killed = cause(&host.script("killed", COUNT, &format!("{metric}; kill -9 $$"))).await;
    assert_eq!(killed, Cause::Signal { signal: 9 });
    for end in ["exit 0", "exit 1"] {
        let script = format!("{metric}; echo '{{\"error\": {{\"message\": \"no luck\"}}}}'; {end}");
        let reported = cause(&host.script("reports", COUNT, &script)).await;
        assert_eq!(reported.to_string(), "no luck");
        assert_eq!(reported.kind(), "reported");
    }
}

#[tokio::test]
async fn a_metric_that_is_not_declared_is_an_error_with_its_path() {
    let host = TestHost::new();
    for (metric, path) in [
        (r#"{"count": 1, "more": 2}"#, "/more"),
        (r#"{"count": "1"}"#, "/count"),
        ("{}", "/count"),
        ("7", ""),
    ] {
        let script = format!("echo working >&2; echo '{{\"metric\": {metric}}}'");
        let plugin = load(&host.script("undeclared", COUNT, &script));
        let failure = execute(&plugin, &input(json!({}))).await.expect_err(metric);
        let Cause::Metric { path: found, .. } = &failure.cause else {
            panic!("{metric}: {}", failure.cause);
        };
        assert_eq!(found, path);
        assert_eq!(messages(&failure.logs), ["working"]);
    }
}

#[tokio::test]
async fn an_input_that_does_not_fit_is_refused_without_a_call() {
    let host = TestHost::new();
    let schema = "[input]\nschema = { type = \"object\", required = [\"text\"], \
                  properties = { text = { type = \"string\" } } }\n";
    let mark = host.path().join("called");
    let script = format!("touch {}; {GOOD}", mark.display());
    let plugin = load(&host.script("strict", &format!("{schema}{COUNT}"), &script));
    for (given, path) in [
        (json!({"text": 5}), "/text"),
        (json!({}), ""),
        (json!(1), ""),
    ] {
        let failure = execute(&plugin, &input(given))
            .await
            .expect_err("a failure");
        let Cause::Input { path: found, .. } = &failure.cause else {
            panic!("{}", failure.cause);
        };
        assert_eq!(found, path);
        assert!(!failure.cause.may_pass_next_time());
    }
    assert!(!mark.exists());
    execute(&plugin, &input(json!({"text": ""})))
        .await
        .expect("an outcome");
    assert!(mark.exists());
}

#[tokio::test]
async fn a_flood_ends_at_its_limit() {
    let host = TestHost::new();
    let more = format!("[limits]\noutput_bytes = 100000\ntimeout_ms = 20000\n{COUNT}");
    let began = Instant::now();
    for (name, script) in [
        (
            "lines",
            r#"while :; do echo '{"log": {"level": "info", "message": "again"}}'; done"#,
        ),
        ("zeros", "cat /dev/zero"),
        ("errors", "yes >&2"),
    ] {
        let caused = cause(&host.script(name, &more, script)).await;
        assert_eq!(caused, Cause::Output { limit: 100_000 }, "{name}");
    }
    assert!(began.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn what_it_may_leave_in_the_store_is_bounded() {
    let host = TestHost::new();
    let more = format!("[limits]\nstorage_bytes = 1000\n{COUNT}");
    let script = r#"for i in 1 2 3 4 5 6 7 8 9; do
        printf '{"store": {"key": "%s", "value": "%0200d"}}\n' $i 0
    done"#;
    let caused = cause(&host.script("greedy", &more, script)).await;
    assert_eq!(caused, Cause::Storage { limit: 1000 });
}

#[tokio::test]
async fn a_process_that_allocates_without_bound_ends() {
    let host = TestHost::new();
    let more = format!("[limits]\nmemory_bytes = 50000000\n{COUNT}");
    let script = "a=0123456789; while :; do a=$a$a; done";
    let kind = cause(&host.script("hungry", &more, script)).await.kind();
    assert!(["exit", "signal", "memory"].contains(&kind), "{kind}");
}

#[tokio::test]
async fn a_loop_ends_at_its_time_with_its_children() {
    let host = TestHost::new();
    // So long that it has begun by then.
    let more = format!("[limits]\ntimeout_ms = 3000\n{COUNT}");
    let alive = host.path().join("alive");
    // The child would go on without its parent, and holds its output.
    let script = format!(
        "echo before >&2; (while :; do sleep 0.05; touch {}; done) & while :; do :; done",
        alive.display()
    );
    let plugin = load(&host.script("loops", &more, &script));
    let failure = execute(&plugin, &input(json!({})))
        .await
        .expect_err("a failure");
    let after = Duration::from_secs(3);
    assert_eq!(failure.cause, Cause::Timeout { after });
    assert!(failure.took >= after);
    assert_eq!(messages(&failure.logs), ["before"]);
    assert_nobody_touches(&alive).await;
}

#[tokio::test]
async fn a_child_that_is_left_behind_holds_nothing_up() {
    let host = TestHost::new();
    let alive = host.path().join("alive");
    let script = format!(
        "(while :; do sleep 0.05; touch {}; done) & {GOOD}",
        alive.display()
    );
    let plugin = load(&host.script("parent", COUNT, &script));
    execute(&plugin, &input(json!({})))
        .await
        .expect("an outcome");
    assert_nobody_touches(&alive).await;
}

/// Waits until the file stays away once it is removed: the process touches it twenty times a
/// second.
async fn assert_nobody_touches(file: &std::path::Path) {
    let began = Instant::now();
    loop {
        let _ = std::fs::remove_file(file);
        let touched = async {
            while !file.exists() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        if tokio::time::timeout(Duration::from_millis(500), touched)
            .await
            .is_err()
        {
            return;
        }
        assert!(began.elapsed() < DEADLINE, "somebody still lives");
    }
}

#[tokio::test]
async fn a_cancel_ends_a_call_at_once() {
    let host = TestHost::new();
    let started = host.path().join("started");
    let script = format!("touch {}; sleep 1000", started.display());
    let plugin = load(&host.script("sleeps", COUNT, &script));
    let (limits, cancel) = (plugin.manifest().limits, CancellationToken::new());
    let context = input(json!({}));
    let call = plugin.execute(&context, &limits, &Plain, &cancel);
    let stop = async {
        while !started.exists() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        cancel.cancel();
        Instant::now()
    };
    let (ended, cancelled) = tokio::join!(call, stop);
    assert_eq!(ended.expect_err("a failure").cause, Cause::Cancelled);
    assert!(cancelled.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn plugins_chain_over_output_and_store() {
    let host = TestHost::new();
    let first = r#"echo '{"output": {"from": "first"}}
{"store": {"key": "k", "value": 42}}
{"metric": {"count": 1}}'"#;
    let second = r#"read -r call
case $call in
*'"output":{"from":"first"}'*'"k":42'*) echo '{"metric": {"count": 2}}';;
*) echo '{"error": {"message": "nothing came"}}';;
esac"#;
    let first = load(&host.script("first", COUNT, first));
    let second = load(&host.script("second", COUNT, second));
    let mut context = input(json!("x"));
    let outcome = execute(&first, &context).await.expect("an outcome");
    context.output = outcome.output;
    plugin::apply(&mut context.storage, outcome.storage);
    let outcome = execute(&second, &context).await.expect("an outcome");
    assert_eq!(outcome.metric, json!({"count": 2}));
    assert_eq!(outcome.output, None);
}
