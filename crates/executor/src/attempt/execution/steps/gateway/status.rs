//! `gateway.ping`, `gateway.get_info`, `gateway.get_health`.

use std::time::Duration;

use reqwest::{Method, header};
use serde_json::{Map, Value, json};

use super::connection::{Gateway, json as body};
use crate::attempt::execution::call::{Done, Left, StepEnd};

/// A gateway that does not say how it is within this time is away.
const ANSWER: Duration = Duration::from_secs(5);

/// How a gateway says that it is.
pub(super) struct State {
    pub(super) word: String,
    pub(super) ready: bool,
}

pub(super) async fn ping(gateway: &Gateway<'_>) -> Done {
    let state = state(gateway).await;
    let word = state.as_ref().map(|state| state.word.as_str());
    let runs = state
        .as_ref()
        .is_ok_and(|state| state.word.starts_with("RUNNING"));
    Ok(Left::output(
        json!({"status": "ok", "response": runs, "state": word.ok()}),
    ))
}

/// The state of a gateway; an error says why there is none.
pub(super) async fn state(gateway: &Gateway<'_>) -> Result<State, String> {
    let away = |end: StepEnd| match end {
        StepEnd::Failed(error, _) => error.message,
        _ => "the gateway does not answer".to_owned(),
    };
    let request = gateway.plain(Method::GET, "/StatusPing").timeout(ANSWER);
    let response = gateway.send(request).await;
    let response = response.map_err(away)?;
    if !response.status().is_success() {
        return Err(format!("the gateway answered {}", response.status()));
    }
    let said = body(response).await.map_err(away)?;
    let word = said["state"].as_str().unwrap_or("UNKNOWN");
    let details = said["details"].as_str().unwrap_or_default();
    let word = if details.is_empty() {
        word.to_owned()
    } else {
        format!("{word} ({details})")
    };
    Ok(State {
        ready: word == "RUNNING",
        word,
    })
}

pub(super) async fn info(gateway: &Gateway<'_>) -> Done {
    let said = match gateway.get("/gateway-info").await {
        Ok(said) => said,
        // Older gateways, and those that do not know who asks, say less.
        Err(end) => match text_info(gateway).await {
            Some(said) => said,
            None => return Err(end),
        },
    };
    Ok(Left::output(json!({"info": described(said)})))
}

fn described(said: Value) -> Map<String, Value> {
    let mut info = match said {
        Value::Object(said) => said,
        _ => Map::new(),
    };
    let first = |names: &[&str]| names.iter().find_map(|name| info.get(*name).cloned());
    let named = [
        ("version", first(&["ignitionVersion", "Version"])),
        (
            "platform_version",
            first(&["platformVersion", "ignitionVersion", "Version"]),
        ),
        ("edition", first(&["edition", "PlatformEdition"])),
        (
            "license_key",
            info.get("license")
                .and_then(|license| license.get("key").cloned()),
        ),
        ("uptime_seconds", first(&["uptimeSeconds", "uptime"])),
    ];
    for (name, value) in named {
        info.insert(name.to_owned(), value.unwrap_or(Value::Null));
    }
    info
}

/// What anyone may know: `Key=Value;` pairs.
async fn text_info(gateway: &Gateway<'_>) -> Option<Value> {
    let request = gateway.plain(Method::GET, "/system/gwinfo");
    let response = gateway
        .send(request.header(header::ACCEPT, "text/plain"))
        .await
        .ok()?;
    if !response.status().is_success() {
        return None;
    }
    let text = response.text().await.ok()?;
    let pairs = text
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    let pairs = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().into()));
    Some(Value::Object(pairs.collect()))
}

pub(super) async fn health(gateway: &Gateway<'_>) -> Done {
    let state = state(gateway).await.map_err(StepEnd::failed)?;
    let gauges = gateway.get("/systemPerformance/currentGauges").await;
    let gauges = gauges.unwrap_or_default();
    let number = |names: &[&str]| {
        let found = names.iter().find_map(|name| gauges.get(*name));
        found.filter(|value| value.is_number()).cloned()
    };
    Ok(Left::output(json!({"health": {
        "healthy": state.ready,
        "state": state.word,
        "uptime_seconds": number(&["uptimeSeconds", "uptime"]),
        "thread_count": number(&["threadCount", "threads"]),
        "memory_used_mb": number(&["memoryUsedMb", "heapUsedMb", "memoryUsed"]),
        "memory_max_mb": number(&["memoryMaxMb", "heapMaxMb", "memoryMax"]),
        "gauges": gauges,
    }})))
}
