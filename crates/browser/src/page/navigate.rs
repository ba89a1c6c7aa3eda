//! Navigation, and the waits for what a page loads.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{BrowserPage, PageCore, settle::SETTLE, state::PageState};
use crate::{cdp::CdpSession, deadline::Deadline, error::BrowserError};

/// How far a page has to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LoadState {
    /// The document and what it contains are loaded.
    #[default]
    Load,
    /// The document is read.
    DomContentLoaded,
    /// Nothing was requested for half a second.
    NetworkIdle,
}

/// Where a navigation has led.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VisitedPage {
    /// The address that is shown, after redirections.
    pub url: String,
    /// The HTTP status of the document, if a server has answered.
    pub status: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NavigateResult {
    loader_id: Option<String>,
    error_text: Option<String>,
    #[serde(default)]
    is_download: bool,
}

impl LoadState {
    /// The name of the event in the browser.
    pub(super) fn event(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::DomContentLoaded => "DOMContentLoaded",
            Self::NetworkIdle => "networkIdle",
        }
    }
}

impl BrowserPage {
    /// Goes to an address and waits until it is loaded that far. A status of 400 or more is no error.
    ///
    /// # Errors
    /// The server cannot be reached, the time limit passes, or the page has ended.
    pub async fn navigate(
        &self,
        url: &str,
        until: LoadState,
        limit: Duration,
    ) -> Result<VisitedPage, BrowserError> {
        let core = &self.core;
        core.check_open()?;
        let deadline = Deadline::after(limit);
        let (_, before) = core.navigations();
        let method = "Page.navigate";
        let params = json!({"url": url});
        let answer = core.session.send_within(method, params, limit).await;
        let answer = match answer {
            Err(BrowserError::Timeout { .. }) => {
                core.session.post("Page.stopLoading", json!({}));
                let reason = "the server has not answered";
                return Err(deadline.passed(format!("navigation to {url}"), reason));
            }
            Err(BrowserError::Refused { message, .. }) => {
                return Err(failed(url, message));
            }
            answer => answer?,
        };
        let result: NavigateResult = CdpSession::typed(method, answer)?;
        if let Some(reason) = result.error_text {
            // The news of a crash comes a moment later; then the crash is the reason.
            let ping = json!({"expression": "0"});
            let pinged = core.session.send_within("Runtime.evaluate", ping, SETTLE);
            if let Err(error) = pinged.await
                && error.is_fatal()
            {
                return Err(error);
            }
            let reason = match result.is_download {
                true => String::from("it is a download, not a page"),
                false => reason,
            };
            return Err(failed(url, reason));
        }
        match &result.loader_id {
            Some(loader) => {
                core.wait_for_document(url, loader, until, &deadline)
                    .await?;
            }
            None => {
                // Within the document: there is nothing to load, and the address comes with an event.
                let shown = |state: &mut PageState| (state.load.shown > before).then_some(());
                let _ = Deadline::after(SETTLE).wait(core.wait(shown)).await;
            }
        }
        let state = core.state();
        let status = state.load.status_of(&state.load.loader);
        Ok(VisitedPage {
            url: state.url.clone(),
            status,
        })
    }

    /// Loads the page again.
    ///
    /// # Errors
    /// As for [`BrowserPage::navigate`].
    pub async fn reload(&self, until: LoadState, limit: Duration) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let before = self.core.state().load.seen.len();
        let session = &self.core.session;
        session.send_within("Page.reload", json!({}), limit).await?;
        self.next_document(before, until, &deadline).await
    }

    /// Goes back (-1) or forward (1) in the page's history. Answers whether there is such an entry.
    ///
    /// # Errors
    /// As for [`BrowserPage::navigate`].
    pub async fn go(
        &self,
        steps: i64,
        until: LoadState,
        limit: Duration,
    ) -> Result<bool, BrowserError> {
        let deadline = Deadline::after(limit);
        let session = &self.core.session;
        let method = "Page.getNavigationHistory";
        let history = session.send_within(method, json!({}), limit).await?;
        let current = history["currentIndex"].as_i64().unwrap_or_default();
        let wanted = usize::try_from(current + steps).ok();
        let entry = wanted.and_then(|at| history["entries"].get(at));
        let Some(entry) = entry else {
            return Ok(false);
        };
        let url = String::from(entry["url"].as_str().unwrap_or_default());
        let go = json!({"entryId": entry["id"]});
        let method = "Page.navigateToHistoryEntry";
        session.send_within(method, go, deadline.left()).await?;
        self.wait_for_url(|shown| shown == url, deadline.left())
            .await?;
        self.wait_for_load(until, deadline.left()).await?;
        Ok(true)
    }

    async fn next_document(
        &self,
        before: usize,
        until: LoadState,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let seen = |state: &mut PageState| (state.load.seen.len() > before).then_some(());
        match deadline.wait(self.core.wait(seen)).await {
            Some(result) => result?,
            None => return Err(self.core.not_loaded("loading the page", until, deadline)),
        }
        self.wait_for_load(until, deadline.left()).await
    }

    /// Goes to an origin without asking its server: the document is empty.
    pub(crate) async fn navigate_empty(&self, origin: &str) -> Result<(), BrowserError> {
        self.core.state().answer_empty = true;
        let patterns = json!({"patterns": [{"urlPattern": "*"}]});
        self.core.session.send("Fetch.enable", patterns).await?;
        let limit = Duration::from_secs(30);
        let visited = self.navigate(origin, LoadState::Load, limit).await;
        visited.map(drop)
    }

    /// Calls a function of the script in the main frame.
    pub(crate) async fn call_main(
        &self,
        function: &'static str,
        arguments: Value,
    ) -> Result<Value, BrowserError> {
        let deadline = Deadline::after(Duration::from_secs(10));
        let place = self.core.main_frame();
        self.core.call(&place, function, arguments, &deadline).await
    }
}

impl PageCore {
    /// Waits until a document, or one that has replaced it, is loaded that far.
    async fn wait_for_document(
        &self,
        url: &str,
        loader: &str,
        until: LoadState,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let passed = |state: &mut PageState| {
            let load = &state.load;
            let shown = load.seen.iter().any(|seen| seen == loader);
            (shown && load.passed.contains(until.event())).then_some(())
        };
        match deadline.wait(self.wait(passed)).await {
            Some(result) => result,
            None => Err(self.not_loaded(&format!("navigation to {url}"), until, deadline)),
        }
    }

    pub(super) fn not_loaded(
        &self,
        what: &str,
        until: LoadState,
        deadline: &Deadline,
    ) -> BrowserError {
        let state = self.state();
        let under_way = state.requests.values().map(|request| request.url.as_str());
        let mut urls: Vec<&str> = under_way.collect();
        urls.sort_unstable();
        urls.truncate(3);
        let reason = match urls.is_empty() {
            true => format!("the page has not reached `{}`", until.event()),
            false => format!(
                "the page has not reached `{}`; it still waits for {}",
                until.event(),
                urls.join(", ")
            ),
        };
        deadline.passed(what, reason)
    }
}

fn failed(url: &str, reason: String) -> BrowserError {
    BrowserError::Navigation {
        url: String::from(url),
        reason,
    }
}
