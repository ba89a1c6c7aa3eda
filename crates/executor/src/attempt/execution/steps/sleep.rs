//! `utility.sleep`.

use std::time::Duration;

use serde_json::json;

use crate::attempt::execution::{
    call::{Done, Left, StepCall},
    clock,
};

pub(super) async fn sleep(call: &StepCall<'_>) -> Done {
    let length = call.parameters.seconds("seconds", 1.0)?;
    // A sleep that is too long fails at its time, also when another attempt wakes it.
    let until = call
        .until_ms
        .unwrap_or_else(|| clock::after_ms(length.min(call.timeout)));
    call.waits.until(until, true).await;
    if length > call.timeout {
        return Err(call.timed_out());
    }
    Ok(Left::output(json!({"slept": seconds(length)})))
}

/// Whole seconds as a whole number.
fn seconds(length: Duration) -> serde_json::Value {
    if length.subsec_nanos() == 0 {
        length.as_secs().into()
    } else {
        length.as_secs_f64().into()
    }
}
