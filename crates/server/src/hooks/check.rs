//! What a hook must look like.

use std::collections::BTreeMap;

use engine::Kind;
use http::{HeaderName, HeaderValue};
use store::hooks::RunHook;
use url::Url;
use wire::hooks::{FullJobHook, JobHook};

use super::{Signer, types_of};
use crate::{
    outbound::{Refused, SsrfFilter},
    refusal::Refusal,
};

const URL_LIMIT: usize = 2 * 1024;
const EVENTS_LIMIT: usize = 32;
const EVENT_LIMIT: usize = 100;
const DESCRIPTION_LIMIT: usize = 500;
const HEADERS_LIMIT: usize = 20;
const HEADER_LIMIT: usize = 4 * 1024;
const RETRIES_LIMIT: u32 = 100;
/// Headers that belong to the transport.
const NOT_THEIRS: [&str; 6] = [
    "connection",
    "content-length",
    "host",
    "transfer-encoding",
    "upgrade",
    "te",
];

fn wrong(field: &str, message: &str) -> Refusal {
    Refusal::field(field, format!("{field} {message}"))
}

/// An address that the server may call. A name may lead elsewhere tomorrow: it is looked at again at
/// each call.
pub(crate) fn url(ssrf_filter: &SsrfFilter, field: &str, text: &str) -> Result<Url, Refusal> {
    if text.len() > URL_LIMIT {
        return Err(wrong(
            field,
            &format!("must have at most {URL_LIMIT} bytes"),
        ));
    }
    let url = Url::parse(text).map_err(|error| wrong(field, &format!("is not a URL: {error}")))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong(field, "must not have a user or a password"));
    }
    ssrf_filter.check(&url).map_err(|refused| match refused {
        Refused::Scheme => wrong(field, "must be an http or https URL"),
        refused => wrong(field, &refused.to_string()),
    })?;
    Ok(url)
}

pub(crate) fn events(events: &[String]) -> Result<(), Refusal> {
    if events.is_empty() || events.len() > EVENTS_LIMIT {
        let message = format!("must have 1 to {EVENTS_LIMIT} event types");
        return Err(wrong("events", &message));
    }
    for (index, event) in events.iter().enumerate() {
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'*');
        if event.is_empty() || event.len() > EVENT_LIMIT || !event.bytes().all(known) {
            let message = "must be an event type such as job.completed, in which each `*` stands \
                for anything";
            return Err(wrong(&format!("events[{index}]"), message));
        }
    }
    Ok(())
}

pub(crate) fn description(text: &str) -> Result<(), Refusal> {
    if text.len() > DESCRIPTION_LIMIT || text.chars().any(char::is_control) {
        let message =
            format!("must have at most {DESCRIPTION_LIMIT} bytes and no control characters");
        return Err(wrong("description", &message));
    }
    Ok(())
}

pub(crate) fn secret(field: &str, text: &str) -> Result<(), Refusal> {
    Signer::parse(text)
        .map(drop)
        .map_err(|message| wrong(field, message))
}

/// Checks the hook of one run and makes it what the store keeps.
pub(crate) fn run_hook(
    ssrf_filter: &SsrfFilter,
    kind: Kind,
    hook: JobHook,
) -> Result<RunHook, Refusal> {
    let hook = match hook {
        JobHook::Full(hook) => hook,
        JobHook::Url(url) => FullJobHook {
            url,
            ..FullJobHook::default()
        },
    };
    let field = |name: &str| format!("webhook.{name}");
    let url = url(ssrf_filter, &field("url"), &hook.url)?;
    let headers = hook.headers.unwrap_or_default();
    check_headers(&headers)?;
    if hook.retries.is_some_and(|retries| retries > RETRIES_LIMIT) {
        let message = format!("must be at most {RETRIES_LIMIT}");
        return Err(wrong(&field("retries"), &message));
    }
    if let Some(text) = &hook.secret {
        secret(&field("secret"), text)?;
    }
    let all = || ["started", "progress", "completed", "failed", "cancelled"].map(str::to_owned);
    let words = hook.on.unwrap_or_else(|| all().to_vec());
    let mut events: Vec<String> = Vec::new();
    for word in &words {
        let event = types_of(kind, word).ok_or_else(|| {
            let message = "must list some of started, progress, completed, failed, cancelled";
            wrong(&field("on"), message)
        })?;
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(RunHook {
        // Set when it is handed to the store, from the caller.
        owner: String::new(),
        url: url.into(),
        headers,
        events,
        secret: hook.secret,
        max_attempts: hook.retries.map(|retries| i64::from(retries) + 1),
    })
}

fn check_headers(headers: &BTreeMap<String, String>) -> Result<(), Refusal> {
    const FIELD: &str = "webhook.headers";
    let size: usize = headers
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if headers.len() > HEADERS_LIMIT || size > HEADER_LIMIT {
        let message = format!("must be at most {HEADERS_LIMIT}, of {HEADER_LIMIT} bytes together");
        return Err(wrong(FIELD, &message));
    }
    for (name, value) in headers {
        let name =
            HeaderName::try_from(name).map_err(|_| wrong(FIELD, "a name is no header name"))?;
        if NOT_THEIRS.contains(&name.as_str()) || name.as_str().starts_with("proxy-") {
            return Err(wrong(FIELD, &format!("`{name}` cannot be set")));
        }
        if HeaderValue::try_from(value).is_err() {
            return Err(wrong(
                FIELD,
                &format!("the value of `{name}` is no header value"),
            ));
        }
    }
    Ok(())
}
