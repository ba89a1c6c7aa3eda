//! Checks of inputs that take long: they hold nobody up and end with the call.

use plugin::{CancellationToken, Cause, Context, Limits, process::Plain};
use serde_json::json;

use crate::test_host::{TestHost, execute, input, load};

/// Compares each item with some thousand values.
fn schema() -> String {
    let values: Vec<String> = (0..5_000).map(|number| format!("[{number}]")).collect();
    let values = values.join(",");
    format!("[input]\nschema = {{ items = {{ not = {{ enum = [{values}] }} }} }}\n")
}

/// An input that fits, as the check finds out in some seconds.
fn slow() -> Context {
    input(json!(vec![[-1]; 20_000]))
}

#[tokio::test(flavor = "current_thread")]
async fn a_check_that_takes_too_long_is_an_input_that_is_not_taken() {
    let host = TestHost::new();
    let more = format!("{}[limits]\ntimeout_ms = 20\n", schema());
    let plugin = load(&host.script("it", &more, "echo '{\"metric\": {}}'"));
    let failure = execute(&plugin, &slow()).await.expect_err("it takes long");
    let says = "the input is not what the plugin takes: its check took longer than 20 ms";
    assert_eq!(failure.to_string(), says);
    assert!(!failure.cause.may_pass_next_time());
}

#[tokio::test(flavor = "current_thread")]
async fn a_cancel_ends_the_wait_for_a_check() {
    let host = TestHost::new();
    let plugin = load(&host.script("it", &schema(), "echo '{\"metric\": {}}'"));
    let (limits, cancel, context) = (Limits::default(), CancellationToken::new(), slow());
    let call = plugin.execute(&context, &limits, &Plain, &cancel);
    // The call is asked first, and waits then.
    let (ended, ()) = tokio::join!(biased; call, async { cancel.cancel() });
    assert_eq!(ended.expect_err("a failure").cause, Cause::Cancelled);
}
