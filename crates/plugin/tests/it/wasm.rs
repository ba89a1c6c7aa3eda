//! WASM plugins: what they may, and components that misbehave.

use std::time::{Duration, Instant};

use plugin::{
    CancellationToken, Cause, Context, JsonText, Level, Limits, PluginOutcome, process::Plain,
};
use serde_json::json;

use crate::{
    component::{build, simple},
    test_host::{COUNT, TestHost, cause, execute, input, load, messages},
};

const METRIC: &str = "{\"count\": 1}";

const STDOUT: &str = r#"
(import "wasi:cli/stdout@0.2.0" "get-stdout" (func $stdout (result i32)))
(import "wasi:io/streams@0.2.0" "[method]output-stream.blocking-write-and-flush"
  (func $print (param i32 i32 i32 i32)))"#;

const PAUSE: &str = r#"
(import "wasi:clocks/monotonic-clock@0.2.0" "subscribe-duration" (func $pause (param i64) (result i32)))
(import "wasi:io/poll@0.2.0" "[method]pollable.block" (func $block (param i32)))"#;

#[tokio::test]
async fn a_component_sees_the_context_and_leaves_all_that_there_is() {
    let host = TestHost::new();
    // The output is the input; the entry `seen` is the previous output; `old` goes.
    let body = "(call $log (i32.const 2) $0)
        (call $set $1 (local.get $op) (local.get $ol) (i32.const 700))
        (call $delete $2)
        (call $both $3 (local.get $in) (local.get $inl))";
    let component = simple(body, &["odd", "seen", "old", METRIC]);
    let plugin = load(&host.component("it", COUNT, &component));
    let context = Context {
        output: Some(json!({"n": 1.5}).into()),
        storage: [(String::from("old"), json!(1).into())].into(),
        ..input(json!({"text": "ä\n".repeat(100_000)}))
    };
    let outcome = execute(&plugin, &context).await.expect("an outcome");
    assert_eq!(outcome.metric, json!({"count": 1}));
    assert_eq!(outcome.output.as_ref(), Some(&context.input));
    assert_eq!(
        json!(outcome.storage),
        json!({"old": null, "seen": {"n": 1.5}})
    );
    assert_eq!(messages(&outcome.logs), ["odd"]);
    assert_eq!(outcome.logs.lines[0].level, Level::Warn);
}

#[tokio::test]
async fn plugins_of_both_hosts_chain() {
    let host = TestHost::new();
    let script = r#"echo '{"output": "from a process"}
{"store": {"key": "k", "value": {"a": [1]}}}
{"metric": {"count": 1}}'"#;
    let process = load(&host.script("process", COUNT, script));
    // Its output is the entry `k`.
    let body = "(call $get $0 (i32.const 700))
        (if (i32.eqz (i32.load8_u (i32.const 700))) (then (return (call $err $1))))
        (call $both $2 (i32.load (i32.const 704)) (i32.load (i32.const 708)))";
    let component = simple(body, &["k", "nothing is there", METRIC]);
    let component = load(&host.component("component", COUNT, &component));
    let mut context = input(json!(1));
    let alone = execute(&component, &context).await.expect_err("a failure");
    assert_eq!(alone.to_string(), "nothing is there");
    let PluginOutcome {
        output, storage, ..
    } = execute(&process, &context).await.expect("an outcome");
    context.output = output;
    plugin::apply(&mut context.storage, storage);
    let outcome = execute(&component, &context).await.expect("an outcome");
    assert_eq!(outcome.output, Some(json!({"a": [1]}).into()));
}

#[tokio::test]
async fn summaries_and_descriptions_are_asked_for() {
    let host = TestHost::new();
    let plugin = load(&host.component("it", COUNT, &simple("(unreachable)", &[])));
    let (limits, cancel) = (plugin.manifest().limits, CancellationToken::new());
    let metrics = [json!({"count": 1}), json!({"count": 2})].map(JsonText::from);
    let summary = plugin.summarize(&metrics, &limits, &Plain, &cancel).await;
    assert_eq!(
        summary.expect("a summary").summary,
        Some(json!({"count": 2}).into())
    );
    let none = plugin.summarize(&[], &limits, &Plain, &cancel).await;
    assert_eq!(none.expect("no failure").summary, None);
    let description = plugin.describe(&limits, &Plain, &cancel).await;
    assert_eq!(description.expect("a description").name, "it");
}

#[tokio::test]
async fn each_call_has_an_instance_of_its_own() {
    let host = TestHost::new();
    // Counts its calls in its memory, and fails from the second on.
    let body = "(i32.store (i32.const 900) (i32.add (i32.load (i32.const 900)) (i32.const 1)))
        (if (i32.ne (i32.load (i32.const 900)) (i32.const 1)) (then (unreachable)))
        (call $ok $0)";
    let plugin = load(&host.component("it", COUNT, &simple(body, &[METRIC])));
    let context = input(json!(1));
    for _ in 0..3 {
        execute(&plugin, &context).await.expect("an outcome");
    }
    let (one, other) = tokio::join!(execute(&plugin, &context), execute(&plugin, &context));
    assert!(one.is_ok() && other.is_ok());
}

/// A name, the body and its texts, and the kind of failure with a part of its message.
const BREAKS: [(&str, &str, &[&str], &str, &str); 9] = [
    (
        "traps",
        "(call $log (i32.const 1) $0) (unreachable)",
        &["before"],
        "trap",
        "unreachable",
    ),
    ("recurses", RECURSION, &[], "trap", "stack"),
    (
        "outside",
        "(i32.load (i32.const -4))",
        &[],
        "trap",
        "out of bounds",
    ),
    (
        "bad-pointer",
        "(call $ok (i32.const -8) (i32.const 4))",
        &[],
        "trap",
        "",
    ),
    ("no-utf8", NO_UTF8, &[], "trap", "utf-8"),
    (
        "no-json",
        "(call $ok $0)",
        &["{\"count\": "],
        "protocol",
        "the metric is no JSON",
    ),
    (
        "no-output",
        "(call $both $0 $1)",
        &[METRIC, "nope"],
        "protocol",
        "the output is no JSON",
    ),
    (
        "undeclared",
        "(call $ok $0)",
        &["{\"count\": 1, \"x\": 1}"],
        "metric",
        "/x: is not declared",
    ),
    (
        "reports",
        "(call $err $0)",
        &["no luck"],
        "reported",
        "no luck",
    ),
];

const RECURSION: &str = "(call $run (local.get 0) (local.get 1) (local.get 2) (local.get 3)
    (local.get 4) (local.get 5) (local.get 6) (local.get 7))";

const NO_UTF8: &str =
    "(i32.store (i32.const 800) (i32.const -1)) (call $ok (i32.const 800) (i32.const 4))";

#[tokio::test]
async fn whatever_breaks_off_is_told() {
    let host = TestHost::new();
    for (name, body, texts, kind, says) in BREAKS {
        let caused = cause(&host.component(name, COUNT, &simple(body, texts))).await;
        assert_eq!(caused.kind(), kind, "{name}: {caused}");
        assert!(caused.to_string().contains(says), "{name}: {caused}");
    }
    let failure = execute(&load(&host.path().join("traps")), &input(json!(1))).await;
    assert_eq!(messages(&failure.expect_err("a trap").logs), ["before"]);
}

#[tokio::test]
async fn memory_is_bounded() {
    let host = TestHost::new();
    let more = format!("[limits]\nmemory_bytes = 10000000\n{COUNT}");
    let grow = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1)))) (unreachable)";
    let limit = Cause::Memory { limit: 10_000_000 };
    assert_eq!(
        cause(&host.component("grows", &more, &simple(grow, &[]))).await,
        limit
    );
    let plugin = load(&host.component("small", &more, &simple("(call $ok $0)", &[METRIC])));
    // An input that does not fit is a matter of memory as well.
    let large = execute(&plugin, &input(json!("x".repeat(11_000_000)))).await;
    assert_eq!(large.expect_err("a failure").cause, limit);
    execute(&plugin, &input(json!("x".repeat(1_000_000))))
        .await
        .expect("an outcome");
}

#[tokio::test(flavor = "current_thread")]
async fn a_loop_ends_at_its_time_and_holds_nobody_up() {
    let host = TestHost::new();
    // So long that it has begun by then.
    let more = format!("[limits]\ntimeout_ms = 3000\n{COUNT}");
    let body = "(call $log (i32.const 1) $0) (loop $l (br $l)) (unreachable)";
    let plugin = load(&host.component("loops", &more, &simple(body, &["before"])));
    let context = input(json!(1));
    let began = Instant::now();
    let (failure, ticks) = tokio::join!(execute(&plugin, &context), async {
        let mut interval = tokio::time::interval(Duration::from_millis(10));
        let mut ticks = 0;
        while began.elapsed() < Duration::from_secs(2) {
            interval.tick().await;
            ticks += 1;
        }
        ticks
    });
    let failure = failure.expect_err("a failure");
    let after = Duration::from_secs(3);
    assert_eq!(failure.cause, Cause::Timeout { after });
    assert!(failure.took >= after && failure.took < Duration::from_secs(20));
    assert_eq!(messages(&failure.logs), ["before"]);
    assert!(ticks > 3, "the only thread of the runtime was held up");
}

#[tokio::test]
async fn fuel_is_a_bound_that_does_not_depend_on_time() {
    let host = TestHost::new();
    let more = format!("[limits]\nfuel = 100000\n{COUNT}");
    let plugin = load(&host.component(
        "loops",
        &more,
        &simple("(loop $l (br $l)) (unreachable)", &[]),
    ));
    let failure = execute(&plugin, &input(json!(1)))
        .await
        .expect_err("a failure");
    assert_eq!(failure.cause, Cause::Fuel { limit: 100_000 });
    let good = load(&host.component("good", &more, &simple("(call $ok $0)", &[METRIC])));
    execute(&good, &input(json!(1))).await.expect("an outcome");
    // A caller that asks for no bound on fuel gets none.
    let (limits, cancel) = (Limits::default(), CancellationToken::new());
    let context = input(json!(1));
    let free = good.execute(&context, &limits, &Plain, &cancel).await;
    free.expect("an outcome");
}

#[tokio::test]
async fn a_cancel_ends_a_loop_a_wait_and_a_dropped_call() {
    let host = TestHost::new();
    let world = "import wasi:clocks/monotonic-clock@0.2.0; import wasi:io/poll@0.2.0;";
    let wait = "(call $block (call $pause (i64.const 1000000000000))) (unreachable)";
    let loops = simple("(loop $l (br $l)) (unreachable)", &[]);
    let waits = build(wait, &[], PAUSE, world);
    for (name, component) in [("loops", loops), ("waits", waits)] {
        let plugin = load(&host.component(name, COUNT, &component));
        let (limits, cancel) = (plugin.manifest().limits, CancellationToken::new());
        let context = input(json!(1));
        let began = Instant::now();
        let call = plugin.execute(&context, &limits, &Plain, &cancel);
        let (ended, ()) = tokio::join!(call, async {
            // From outside nobody sees that it has begun; it is cancelled sooner or later than that.
            tokio::time::sleep(Duration::from_millis(50)).await;
            cancel.cancel();
        });
        assert_eq!(
            ended.expect_err("a failure").cause,
            Cause::Cancelled,
            "{name}"
        );
        assert!(began.elapsed() < Duration::from_secs(5), "{name}");

        // When the future is dropped the thread comes back, or the runtime could not end.
        let cancel = CancellationToken::new();
        let call = plugin.execute(&context, &limits, &Plain, &cancel);
        let dropped = tokio::time::timeout(Duration::from_millis(50), call).await;
        assert!(dropped.is_err(), "{name}");
    }
}

#[tokio::test]
async fn what_it_prints_is_logged_and_a_flood_ends() {
    let host = TestHost::new();
    let world = "import wasi:cli/stdout@0.2.0; import wasi:io/streams@0.2.0;";
    let print = "(call $print (call $stdout) $0 (i32.const 700)) (call $ok $1)";
    let printed = build(print, &["one\ntwo\nthree", METRIC], STDOUT, world);
    let plugin = load(&host.component("prints", COUNT, &printed));
    let outcome = execute(&plugin, &input(json!(1)))
        .await
        .expect("an outcome");
    assert_eq!(messages(&outcome.logs), ["one", "two", "three"]);

    let text = "thread '<unnamed>' panicked at src/lib.rs:12:5:\ncalled `Option::unwrap()` on a `None` value\n\
        note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
    let panic = "(call $print (call $stdout) $0 (i32.const 700)) (unreachable)";
    let panics = build(panic, &[text], STDOUT, world);
    let caused = cause(&host.component("panics", COUNT, &panics)).await;
    assert_eq!(
        caused.to_string(),
        "the plugin trapped: panicked at src/lib.rs:12:5: called `Option::unwrap()` on a `None` value"
    );

    let flood = "(local $s i32) (local.set $s (call $stdout))
        (loop $l (call $print (local.get $s) (i32.const 0) (i32.const 4096) (i32.const 700)) (br $l))
        (unreachable)";
    let more = format!("[limits]\noutput_bytes = 1000000\n{COUNT}");
    let flood = build(flood, &[], STDOUT, world);
    let caused = cause(&host.component("floods", &more, &flood)).await;
    assert_eq!(caused, Cause::Output { limit: 1_000_000 });

    let log =
        "(loop $l (call $log (i32.const 1) (i32.const 0) (i32.const 100)) (br $l)) (unreachable)";
    let more = format!("[limits]\ntimeout_ms = 300\n{COUNT}");
    let plugin = load(&host.component("logs", &more, &simple(log, &[])));
    let failure = execute(&plugin, &input(json!(1)))
        .await
        .expect_err("a failure");
    assert_eq!(failure.cause.kind(), "timeout");
    assert!(failure.logs.lines.len() < 10_000 && failure.logs.dropped > 0);
}

#[tokio::test]
async fn a_large_answer_and_a_full_store_are_refused() {
    let host = TestHost::new();
    let more = format!("[limits]\noutput_bytes = 2000\nstorage_bytes = 100\n{COUNT}");
    let echo = simple(
        "(call $both $0 (local.get $in) (local.get $inl))",
        &[METRIC],
    );
    let plugin = load(&host.component("echo", &more, &echo));
    execute(&plugin, &input(json!("x".repeat(1000))))
        .await
        .expect("an outcome");
    let failure = execute(&plugin, &input(json!("x".repeat(3000)))).await;
    assert_eq!(
        failure.expect_err("too large").cause,
        Cause::Output { limit: 2000 }
    );

    // Its error is what the store says.
    let set = "(call $set $0 (local.get $in) (local.get $inl) (i32.const 700))
        (if (i32.load8_u (i32.const 700))
          (then (return (call $err (i32.load (i32.const 704)) (i32.load (i32.const 708))))))
        (call $ok $1)";
    let plugin = load(&host.component("sets", &more, &simple(set, &["k", METRIC])));
    execute(&plugin, &input(json!("x".repeat(90))))
        .await
        .expect("an outcome");
    let failure = execute(&plugin, &input(json!("x".repeat(200)))).await;
    let failure = failure.expect_err("too much").to_string();
    assert!(failure.contains("more than 100 bytes"), "{failure}");
}

#[tokio::test]
async fn a_component_sees_nothing_of_the_environment() {
    let host = TestHost::new();
    let world = "import wasi:cli/environment@0.2.0; import wasi:cli/exit@0.2.0;";
    let imports = r#"
(import "wasi:cli/environment@0.2.0" "get-environment" (func $environment (param i32)))
(import "wasi:cli/exit@0.2.0" "exit" (func $exit (param i32)))"#;
    let body = "(call $environment (i32.const 700))
        (if (i32.load (i32.const 704)) (then (unreachable)))
        (call $exit (i32.const 1))
        (unreachable)";
    let component = build(body, &[], imports, world);
    let caused = cause(&host.component("looks", COUNT, &component)).await;
    assert_eq!(caused, Cause::Exit { code: 1 });
}
