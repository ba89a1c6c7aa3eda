//! Where a page goes, what its servers answer, and what its scripts say.

use browser::LoadState;
use serde_json::json;

use super::{ActError, Acted, WAIT_MS, limit};
use crate::{
    attempt::execution::call::{StepCall, StepEnd},
    browsers::SessionPage,
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
    let limit = limit(&call.parameters, WAIT_MS)?;
    let visited = at.page.navigate(&url, until, limit).await?;
    Ok(json!({"url": visited.url, "http_status": visited.status, "status": "navigated"}))
}

/// Of the answers that came since the page was opened, the first that fits, or one that is still to come.
pub(super) async fn wait_for_response(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let part = call.parameters.text("url")?;
    let status = call.parameters.number("http_status")?;
    let limit = limit(&call.parameters, WAIT_MS)?;
    let fits = |answer: &browser::ResponseRecord| {
        answer.url.contains(&part) && status.is_none_or(|status| f64::from(answer.status) == status)
    };
    let answer = at.page.response_after(0, fits, limit).await?;
    Ok(json!({
        "url": answer.url, "method": answer.method, "http_status": answer.status,
        "status": "received",
    }))
}

pub(super) async fn evaluate(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let expression = call.parameters.text("expression")?;
    let limit = limit(&call.parameters, WAIT_MS)?;
    let result = at.page.evaluate(&expression, limit).await?;
    Ok(json!({"result": result, "status": "evaluated"}))
}
