//! Waits until a Perspective session is where it should be.

use std::time::Duration;

use browser::{BrowserError, Locator, WaitState};
use serde_json::json;
use tokio::time::Instant;

use super::{ActError, Acted, limit};
use crate::{
    attempt::execution::call::{StepCall, StepEnd},
    browsers::SessionPage,
};

/// A look takes a moment also when the time is over.
const LOOK: Duration = Duration::from_millis(500);

/// Waits until the address and the title have the parts that they should.
pub(super) async fn verify_navigation(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let url_part = call.parameters.optional_text("expected_url_pattern");
    let title_part = call.parameters.optional_text("expected_title_pattern");
    if url_part.is_none() && title_part.is_none() {
        return Err(ActError::Step(StepEnd::refused(
            "parameter `expected_url_pattern` or `expected_title_pattern` is missing",
        )));
    }
    let limit = limit(call)?;
    let end = Instant::now() + limit;
    let left = || end.saturating_duration_since(Instant::now()).max(LOOK);
    let page = &at.page;
    let waited = async {
        if let Some(part) = &url_part {
            page.wait_for_url(|url| url.contains(part), left()).await?;
        }
        if let Some(part) = &title_part {
            page.wait_for_title(|title| title.contains(part), left())
                .await?;
        }
        page.title(left()).await
    };
    let waited: Result<String, BrowserError> = waited.await;
    let url = page.url();
    match waited {
        Ok(title) => Ok(json!({
            "status": "verified", "url": url, "title": title,
            "message": format!("the page is {title} ({url}), as it should be"),
        })),
        Err(BrowserError::Timeout { .. }) => {
            let title = page.title(LOOK).await.unwrap_or_default();
            let wanted = [("address", &url_part), ("title", &title_part)];
            let wanted = wanted.into_iter().filter_map(|(what, part)| {
                let part = part.as_ref()?;
                Some(format!("its {what} should contain {part:?}"))
            });
            let wanted: Vec<String> = wanted.collect();
            let why = format!("the page is {title} ({url}): {}", wanted.join(", "));
            Err(ActError::Page(why))
        }
        Err(error) => Err(error.into()),
    }
}

/// Waits until a dock is visible.
pub(super) async fn verify_dock(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let selector = call.parameters.text("dock_selector")?;
    let locator: Locator = selector.parse().map_err(BrowserError::from)?;
    let limit = limit(call)?;
    at.page
        .wait_for(&locator, WaitState::Visible, limit)
        .await?;
    Ok(json!({
        "status": "verified", "dock_selector": selector,
        "message": format!("the dock `{selector}` is open"),
    }))
}
