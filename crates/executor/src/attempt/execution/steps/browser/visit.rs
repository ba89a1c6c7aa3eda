//! Where a page goes, what its servers answer, and what its scripts say.

use browser::LoadState;
use reqwest::Url;
use serde_json::json;

use super::{ActError, Acted, WAIT_MS, limit};
use crate::{
    addresses::Refused,
    attempt::execution::call::{StepCall, StepEnd},
    browsers::SessionPage,
};

pub(super) async fn navigate(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let url = call.parameters.text("url")?;
    may_open(call, &url).await?;
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
    let visited = at.page.navigate(&url, until, limit).await?;
    if let Err(end) = may_open(call, &visited.url).await {
        // A redirect led there: nothing of it is to be seen.
        let _ = at
            .page
            .navigate("about:blank", LoadState::Load, limit)
            .await;
        return Err(end.into());
    }
    Ok(json!({"url": visited.url, "http_status": visited.status, "status": "navigated"}))
}

/// Opens an address, without what a step says of it.
pub(super) async fn open(call: &StepCall<'_>, at: &SessionPage, url: &str) -> Result<(), ActError> {
    may_open(call, url).await?;
    let limit = limit(call, WAIT_MS)?;
    at.page.navigate(url, LoadState::Load, limit).await?;
    Ok(())
}

/// An address that a step opens is one that other steps may reach, too: no file of the executor's.
async fn may_open(call: &StepCall<'_>, url: &str) -> Result<(), StepEnd> {
    let parsed = Url::parse(url).ok();
    let parsed = parsed
        .filter(|url| matches!(url.scheme(), "http" | "https") || url.as_str() == "about:blank");
    let Some(parsed) = parsed else {
        let why = format!("`{url}` is not an http or https URL");
        return Err(StepEnd::refused(why));
    };
    if parsed.scheme() == "about" {
        return Ok(());
    }
    let allowed = call.context.clients.filter().check_resolved(&parsed).await;
    allowed.map_err(|refused| match refused {
        // A name may come to be known: a service that is just starting.
        Refused::Unknown(_) => StepEnd::failed(refused.to_string()),
        refused => StepEnd::refused(refused.to_string()),
    })
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
