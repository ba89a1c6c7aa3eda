//! Where a page goes, what its servers answer, and what its scripts say.

use browser::LoadState;
use serde_json::json;

use super::{ActError, Acted, WAIT_MS, limit};
use crate::{
    addresses::Refused,
    attempt::execution::call::{StepCall, StepEnd},
    browsers::{NotVisited, SessionPage, visit},
};

pub(super) async fn navigate(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let url = call.parameters.text("url")?;
    let until = call.parameters.optional_text("wait_until");
    let until = match until.as_deref().unwrap_or("load") {
        "load" => LoadState::Load,
        "domcontentloaded" => LoadState::DomContentLoaded,
        "networkidle" => LoadState::NetworkIdle,
        other => {
            let why = format!("parameter `wait_until` cannot be `{other}`");
            return Err(ActError::Step(StepEnd::refused(why)));
        }
    };
    let verify = call.parameters.flag("verify_tls", false)?;
    let limit = limit(call, WAIT_MS)?;
    at.page.ignore_tls_errors(!verify).await?;
    let addresses = call.context.clients.filter();
    let visited = visit(&at.page, addresses, &url, (until, limit)).await?;
    Ok(json!({"url": visited.url, "http_status": visited.status, "status": "navigated"}))
}

/// Opens an address, without what a step says of it.
pub(super) async fn open(call: &StepCall<'_>, at: &SessionPage, url: &str) -> Result<(), ActError> {
    let limit = limit(call, WAIT_MS)?;
    let addresses = call.context.clients.filter();
    let visited = visit(&at.page, addresses, url, (LoadState::Load, limit)).await;
    Ok(visited.map(drop)?)
}

impl From<NotVisited> for ActError {
    fn from(error: NotVisited) -> Self {
        match error {
            NotVisited::Page(error) => error.into(),
            // A name may come to be known: a service that is just starting.
            NotVisited::Refused(Refused::Unknown(_)) => {
                Self::Step(StepEnd::failed(error.to_string()))
            }
            error => Self::Step(StepEnd::refused(error.to_string())),
        }
    }
}

/// Of the answers that came since the step before this one began, the first that fits, or one that is still to come.
pub(super) async fn wait_for_response(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let part = call.parameters.text("url")?;
    let status = call.parameters.number("http_status")?;
    let limit = limit(call, WAIT_MS)?;
    let fits = |answer: &browser::ResponseRecord| {
        answer.url.contains(&part) && status.is_none_or(|status| f64::from(answer.status) == status)
    };
    let answer = at.page.response_after(at.answers, fits, limit).await?;
    Ok(json!({
        "url": answer.url, "method": answer.method, "http_status": answer.status,
        "status": "received",
    }))
}

pub(super) async fn evaluate(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let expression = call.parameters.text("expression")?;
    let limit = limit(call, WAIT_MS)?;
    let result = at.page.evaluate(&expression, limit).await?;
    Ok(json!({"result": result, "status": "evaluated"}))
}
