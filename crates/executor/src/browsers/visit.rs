//! Opening an address, and what it means when that fails.

use std::time::Duration;

use browser::{BrowserError, BrowserPage, LoadState, VisitedPage};
use reqwest::Url;

use super::proxy::{NOT_CONNECTED, NotConnected, PageProxy};
use crate::addresses::Refused;

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

/// Opens an address; no file of the executor's is one.
pub(crate) async fn visit(
    page: &BrowserPage,
    proxy: &PageProxy,
    url: &str,
    (until, limit): (LoadState, Duration),
) -> Result<VisitedPage, NotVisited> {
    let parsed = Url::parse(url).ok();
    let is_page =
        |url: &Url| matches!(url.scheme(), "http" | "https") || url.as_str() == "about:blank";
    if !parsed.as_ref().is_some_and(is_page) {
        return Err(NotVisited::NotHttp(url.to_owned()));
    }
    let visited = page.navigate(url, until, limit).await;
    visited.map_err(|error| explained(page, proxy, error))
}

/// The reason of the proxy, where it is the one: it may be for where a redirect leads.
fn explained(page: &BrowserPage, proxy: &PageProxy, error: BrowserError) -> NotVisited {
    let BrowserError::Navigation { url, reason } = error else {
        return error.into();
    };
    if !reason.contains(NOT_CONNECTED) {
        return BrowserError::Navigation { url, reason }.into();
    }
    let records = page.records();
    let mut failed = records.failed_requests.iter().rev();
    let failed = failed.find(|request| request.reason.contains(NOT_CONNECTED));
    let asked = failed.map_or(url.as_str(), |request| request.url.as_str());
    match proxy.failure(asked) {
        Some(NotConnected::Refused(refused)) => refused.into(),
        Some(NotConnected::Failed(reason)) => BrowserError::Navigation { url, reason }.into(),
        None => BrowserError::Navigation { url, reason }.into(),
    }
}
