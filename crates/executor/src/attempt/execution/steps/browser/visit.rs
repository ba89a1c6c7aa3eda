//! Where a page goes, what its servers answer, and what its scripts say.

use std::{ops::RangeInclusive, time::Duration};

use browser::{BrowserError, BrowserPage, LoadState, Viewport};
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::{ActError, Acted, limit};
use crate::{
    addresses::Refused,
    attempt::execution::call::{Parameters, StepCall, StepEnd, text},
    browsers::{NotVisited, SessionPage, visit},
};

/// How long a page may take that no step names a time for.
const OPEN_LIMIT: Duration = Duration::from_secs(30);
/// How long a page may take to say its title.
const TITLE_LIMIT: Duration = Duration::from_secs(1);
/// How often to look for a page.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
/// How wide and high a window can be. A picture takes four bytes for each pixel.
const SIZES: RangeInclusive<f64> = 100.0..=4_096.0;

pub(super) async fn navigate(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let url = call.parameters.text("url")?;
    let until = match call.parameters.text("wait_until")?.as_str() {
        "load" => LoadState::Load,
        "domcontentloaded" => LoadState::DomContentLoaded,
        "networkidle" => LoadState::NetworkIdle,
        other => {
            let why = format!("parameter `wait_until` cannot be `{other}`");
            return Err(ActError::Step(StepEnd::refused(why)));
        }
    };
    let verify = call.parameters.is_on("verify_tls")?;
    let limit = limit(call)?;
    at.page.ignore_tls_errors(!verify).await?;
    if let Some(size) = viewport(&call.parameters)? {
        at.context.set_viewport(size).await?;
    }
    if let Some(permissions) = call.parameters.list("permissions")? {
        let permissions = permissions.iter().map(text).collect();
        let set = at.context.set_permissions(permissions).await;
        set.map_err(|error| match error {
            BrowserError::Refused { message, .. } => {
                let why = format!("parameter `permissions`: {message}");
                ActError::Step(StepEnd::refused(why))
            }
            error => error.into(),
        })?;
    }
    let visited = visit(&at.page, &at.proxy, &url, (until, limit)).await?;
    Ok(json!({"url": visited.url, "http_status": visited.status, "status": "navigated"}))
}

/// The size that the step gives to the window, if it does.
fn viewport(parameters: &Parameters) -> Result<Option<Viewport>, StepEnd> {
    let Some(size) = parameters.map("viewport")? else {
        return Ok(None);
    };
    let size = Parameters(size.clone());
    let pixels = |name: &str| {
        let pixels = size.given_number(name)?;
        match SIZES.contains(&pixels) {
            // Whole pixels.
            true => Ok(pixels as u32),
            false => Err(StepEnd::refused(format!(
                "parameter `viewport`: `{name}` is not {} to {} pixels",
                SIZES.start(),
                SIZES.end()
            ))),
        }
    };
    Ok(Some(Viewport {
        width: pixels("width")?,
        height: pixels("height")?,
    }))
}

/// Opens an address, without what a step says of it.
pub(super) async fn open(at: &SessionPage, url: &str) -> Result<(), ActError> {
    let visited = visit(&at.page, &at.proxy, url, (LoadState::Load, OPEN_LIMIT)).await;
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

/// Makes an open page the one that steps work with.
pub(super) async fn switch_page(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let part = call.parameters.text("url")?;
    let end = Instant::now() + limit(call)?;
    loop {
        let mut pages = at.context.pages();
        pages.retain(BrowserPage::is_usable);
        let is_exact = |page: &&BrowserPage| page.url().split(['?', '#']).next() == Some(&part);
        let mut newest = pages.iter().rev();
        let found = newest.clone().find(is_exact);
        if let Some(page) = found.or_else(|| newest.find(|page| page.url().contains(&part))) {
            at.context.set_current(page);
            let title = page.title(TITLE_LIMIT).await.unwrap_or_default();
            return Ok(json!({"url": page.url(), "title": title, "status": "switched"}));
        }
        if Instant::now() >= end {
            let open: Vec<String> = pages.iter().map(BrowserPage::url).collect();
            let why = format!(
                "no open page has {part:?} in its address: {}",
                open.join(", ")
            );
            return Err(ActError::Page(why));
        }
        sleep(LOOK_PERIOD).await;
    }
}

/// Of the answers that came since the step before this one began, the first that fits, or one that is still to come.
pub(super) async fn wait_for_response(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let part = call.parameters.text("url")?;
    let status = call.parameters.number("http_status")?;
    let limit = limit(call)?;
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
    let limit = limit(call)?;
    let result = at.page.evaluate(&expression, limit).await?;
    Ok(json!({"result": result, "status": "evaluated"}))
}
