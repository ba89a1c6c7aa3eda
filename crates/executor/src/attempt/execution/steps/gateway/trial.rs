//! `gateway.get_trial`, `gateway.reset_trial`.

use reqwest::Method;
use serde_json::{Value, json};

use super::connection::Gateway;
use crate::attempt::execution::call::{Done, Left};

pub(super) async fn get(gateway: &Gateway<'_>) -> Done {
    let trial = gateway.get("/trial").await?;
    Ok(Left::output(json!({
        "trial_state": trial["trialState"],
        "seconds_left": trial["trialSecondsLeft"],
        "expired": trial["expired"],
    })))
}

pub(super) async fn reset(gateway: &Gateway<'_>) -> Done {
    let left = |trial: &Value, status: &str| {
        Left::output(json!({"status": status, "seconds_left": trial["trialSecondsLeft"]}))
    };
    let trial = gateway.get("/trial").await?;
    // A gateway refuses to reset a trial that is not over.
    if trial["expired"] != true {
        return Ok(left(&trial, "running"));
    }
    gateway
        .ask(Method::POST, "/trial", |request| request)
        .await?;
    Ok(left(&gateway.get("/trial").await?, "reset"))
}
