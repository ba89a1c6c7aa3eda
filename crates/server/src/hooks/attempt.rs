//! One attempt to deliver: the call, and what follows from its answer.

use bytes::Bytes;
use engine::Backoff;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use store::hooks::{Attempted, DisableAfter, Outcome, Sending};
use url::Url;

use super::Signer;
use crate::{
    app::App,
    outbound::{Call, OutboundResponse},
};

const HOUR_MS: i64 = 3_600_000;
/// A receiver is not believed that wants to be left alone for longer: it may mean milliseconds.
const PAUSE_LIMIT_MS: i64 = HOUR_MS;
/// A delivery that has not succeeded by then has failed.
const GIVE_UP_MS: i64 = 24 * HOUR_MS;
/// 4 seconds, then three times as long each time.
const WAITS: Backoff = Backoff {
    initial_ms: 4_000,
    factor: 3.0,
    max_ms: 6 * HOUR_MS,
    jitter: 0.25,
};
/// When a hook that only fails is disabled.
pub(crate) const DISABLE_AFTER: DisableAfter = DisableAfter {
    failures: 10,
    time_ms: 24 * HOUR_MS,
};

/// Sends a delivery once and decides what becomes of it.
pub(crate) async fn attempt(app: &App, claimant: &str, sending: &Sending) -> Attempted {
    let answer = send(app, sending).await;
    let now = app.now_ms();
    let (jitter, mut error) = (app.clock.jitter(), None);
    let (outcome, response_status, response) = match answer {
        Ok(answer) => {
            let outcome = judge(sending, &answer, jitter, now);
            if outcome != Outcome::Delivered {
                error = Some(refusal(&answer));
            }
            let status = i64::from(answer.status.as_u16());
            (outcome, Some(status), answer.excerpt)
        }
        Err(reason) => {
            error = Some(reason.replace('\0', ""));
            (again(sending, None, jitter, now), None, Vec::new())
        }
    };
    Attempted {
        hook_id: sending.hook_id.clone(),
        number: sending.number,
        claimant: claimant.to_owned(),
        attempt: sending.attempt,
        outcome,
        response_status,
        response,
        error,
    }
}

async fn send(app: &App, sending: &Sending) -> Result<OutboundResponse, String> {
    let url = Url::parse(&sending.url).map_err(|error| format!("the URL is wrong: {error}"))?;
    let signer = match &sending.secret {
        Some(sealed) => Some(signer(app, &sending.hook_id, sealed).await?),
        None => None,
    };
    let call = Call {
        url,
        headers: headers(sending, signer.as_ref(), app.now_ms() / 1_000)?,
        body: Bytes::from(sending.body.clone()),
        timeout: app.settings.hook_timeout,
    };
    app.outbound.post(call).await
}

/// What signs for a hook, from its sealed secret.
async fn signer(app: &App, hook: &str, sealed: &str) -> Result<Signer, String> {
    let closed = || "its secret cannot be opened".to_owned();
    let sealer = app.vault.sealer(&app.store).await.map_err(|_| closed())?;
    let secret = sealer.hook_secret(hook, sealed).ok_or_else(closed)?;
    Ok(Signer::parse(&secret)?)
}

/// A delivery's name for its receiver, the same however often it is sent: by it the receiver knows a
/// repetition.
pub(crate) fn webhook_id(hook: &str, number: i64) -> String {
    format!("msg_{hook}_{number}")
}

/// The hook's own headers, and ours, which they cannot replace.
fn headers(
    sending: &Sending,
    signer: Option<&Signer>,
    timestamp: i64,
) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    for (name, value) in &sending.headers {
        let name = HeaderName::try_from(name).map_err(|error| error.to_string())?;
        let mut value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    let id = webhook_id(&sending.hook_id, sending.number);
    let signature = signer.map(|signer| signer.sign(&id, timestamp, &sending.body));
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let ours = [
        ("webhook-id", Some(id)),
        ("webhook-timestamp", Some(timestamp.to_string())),
        ("webhook-signature", signature),
    ];
    for (name, value) in ours {
        if let Some(value) = value {
            let value = HeaderValue::try_from(value).map_err(|error| error.to_string())?;
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    Ok(headers)
}

fn judge(sending: &Sending, answer: &OutboundResponse, jitter: f64, now: i64) -> Outcome {
    match answer.status {
        status if status.is_success() => Outcome::Delivered,
        StatusCode::GONE => Outcome::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            again(sending, retry_after(&answer.headers, now), jitter, now)
        }
        _ => again(sending, None, jitter, now),
    }
}

/// The next attempt, if there is to be one. A receiver that names a time is not called before it,
/// but what is given up is given up when its own time is over.
fn again(sending: &Sending, named_ms: Option<i64>, jitter: f64, now: i64) -> Outcome {
    let failure_count = sending.failure_count + 1;
    let give_up_at = sending.opened_at.saturating_add(GIVE_UP_MS);
    if now >= give_up_at
        || sending
            .max_attempts
            .is_some_and(|most| failure_count >= most)
    {
        return Outcome::Failed;
    }
    let wait = WAITS
        .wait_ms(failure_count, jitter)
        .max(named_ms.unwrap_or(0));
    Outcome::Again {
        due_at: now.saturating_add(wait).min(give_up_at),
        pause: named_ms.is_some(),
    }
}

/// How long the receiver is left alone, in milliseconds, for what it names: a number of seconds or a date.
fn retry_after(headers: &HeaderMap, now: i64) -> Option<i64> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let wait = match text.parse::<u32>() {
        Ok(seconds) => i64::from(seconds) * 1_000,
        Err(_) => {
            let date = jiff::fmt::rfc2822::parse(text).ok()?;
            date.timestamp().as_millisecond().saturating_sub(now)
        }
    };
    Some(wait.clamp(0, PAUSE_LIMIT_MS))
}

fn refusal(answer: &OutboundResponse) -> String {
    let status = answer.status;
    if status.is_redirection() {
        return format!("the receiver answered {status}: redirects are not followed");
    }
    format!("the receiver answered {status}")
}

#[cfg(test)]
mod tests;
