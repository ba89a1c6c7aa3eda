//! `gateway.restart`, `gateway.wait_for_ready`.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use tokio::time::Instant;

use super::{
    connection::Gateway,
    status::{State, state},
};
use crate::attempt::execution::call::{Done, Left, StepEnd};

/// How long a gateway that was told to restart may still answer as if nothing was.
const GOING_DOWN: Duration = Duration::from_secs(30);
const LOOK: Duration = Duration::from_millis(250);

pub(super) async fn restart(gateway: &Gateway<'_>) -> Done {
    let parameters = &gateway.call.parameters;
    let limit = parameters.seconds("timeout", 120.0)?;
    let query = [("confirm", "true")];
    let asked = gateway.ask(Method::POST, "/restart-tasks/restart", |request| {
        request.query(&query)
    });
    asked.await?;
    if parameters.flag("wait_for_ready", false)? {
        restarted(gateway, limit).await?;
    }
    Ok(Left::output(json!({"status": "restarted"})))
}

/// Waits until a gateway has gone down and is ready again.
pub(super) async fn restarted(gateway: &Gateway<'_>, limit: Duration) -> Result<(), StepEnd> {
    let until = Instant::now() + limit;
    let down = (Instant::now() + GOING_DOWN).min(until);
    while state(gateway).await.is_ok_and(|state| state.ready) && Instant::now() < down {
        gateway.call.waits.poll(LOOK).await;
    }
    ready(gateway, until, limit, Duration::from_secs(2)).await
}

pub(super) async fn wait_for_ready(gateway: &Gateway<'_>) -> Done {
    let parameters = &gateway.call.parameters;
    let limit = parameters.seconds("timeout", 120.0)?;
    let interval = parameters.seconds("interval", 2.0)?.max(LOOK);
    let began = Instant::now();
    ready(gateway, began + limit, limit, interval).await?;
    let waited = began.elapsed().as_secs_f64();
    Ok(Left::output(
        json!({"status": "ready", "waited_seconds": waited}),
    ))
}

async fn ready(
    gateway: &Gateway<'_>,
    until: Instant,
    limit: Duration,
    interval: Duration,
) -> Result<(), StepEnd> {
    loop {
        let last = match state(gateway).await {
            Ok(State { ready: true, .. }) => return Ok(()),
            Ok(State { word, .. }) => format!("it says {word}"),
            Err(why) => why,
        };
        if Instant::now() + interval > until {
            let limit = limit.as_secs_f64();
            let why = format!("the gateway is not ready after {limit} seconds: {last}");
            return Err(StepEnd::failed(why));
        }
        gateway.call.waits.poll(interval).await;
    }
}
