//! Where a page may go: what steps may reach, and nothing else where a redirect leads.

use std::time::Duration;

use browser::{BrowserError, BrowserPage, LoadState, VisitedPage};
use reqwest::Url;

use crate::addresses::{AddressFilter, Refused};

/// Why a page was not visited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotVisited {
    #[error("`{0}` is not an http or https URL")]
    NotHttp(String),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Page(#[from] BrowserError),
}

/// Opens an address. A page that a redirect has led to where it may not be is left again.
pub(crate) async fn visit(
    page: &BrowserPage,
    addresses: &AddressFilter,
    url: &str,
    (until, limit): (LoadState, Duration),
) -> Result<VisitedPage, NotVisited> {
    check(addresses, url).await?;
    let visited = page.navigate(url, until, limit).await?;
    if let Err(refused) = check(addresses, &visited.url).await {
        // Nothing of it is to be seen.
        let _ = page.navigate("about:blank", LoadState::Load, limit).await;
        return Err(refused);
    }
    Ok(visited)
}

/// No file of the executor's, and no address that steps may not reach.
async fn check(addresses: &AddressFilter, url: &str) -> Result<(), NotVisited> {
    let parsed = Url::parse(url).ok();
    let parsed = parsed
        .filter(|url| matches!(url.scheme(), "http" | "https") || url.as_str() == "about:blank");
    let parsed = parsed.ok_or_else(|| NotVisited::NotHttp(url.to_owned()))?;
    if parsed.scheme() != "about" {
        addresses.check_resolved(&parsed).await?;
    }
    Ok(())
}
