//! `utility.log`.

use serde_json::json;
use wire::jobs::Stream;

use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd};

const LEVELS: [&str; 4] = ["debug", "info", "warning", "error"];

pub(super) async fn log(call: &StepCall<'_>) -> Done {
    let message = call.parameters.optional_text("message").unwrap_or_default();
    let level = call.parameters.optional_text("level");
    let level = level
        .unwrap_or_else(|| "info".to_owned())
        .to_ascii_lowercase();
    if !LEVELS.contains(&level.as_str()) {
        let levels = LEVELS.join("`, `");
        let why = format!("parameter `level` is `{level}`, and not one of `{levels}`");
        return Err(StepEnd::refused(why));
    }
    let line = format!("{level}: {message}\n");
    call.context
        .log
        .write(Stream::Stdout, line.as_bytes())
        .await;
    Ok(Left::output(json!({"logged": message, "level": level})))
}
