//! The pages of a context: which are open, and which is the current one.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use super::{BrowserContext, ContextState};
use crate::{deadline::Deadline, error::BrowserError, page::BrowserPage};

#[derive(Default)]
pub(super) struct ContextPages {
    /// The last one is the current one.
    pub(super) open: Vec<BrowserPage>,
    /// How many were opened so far.
    pub(super) opened: u64,
    /// The next page without an opener is the one that only this crate uses.
    pub(super) expect_hidden: bool,
    pub(super) hidden: Option<BrowserPage>,
    /// All that pages have visited.
    pub(super) origins: BTreeSet<String>,
    /// The main frames of all pages, also of those that are not ready or not open.
    pub(super) main_frames: HashSet<String>,
}

impl BrowserContext {
    /// Opens a page, which is the current one from then on.
    ///
    /// # Errors
    /// The browser has ended, or does not open it in time.
    pub async fn new_page(&self) -> Result<BrowserPage, BrowserError> {
        let _not_hidden = self.state.hidden.lock().await;
        self.state.open().await
    }

    /// The current page: the one that was opened last, by the caller or by another page, and is open.
    ///
    /// # Errors
    /// No page is open.
    pub fn page(&self) -> Result<BrowserPage, BrowserError> {
        let pages = self.state.pages();
        let mut open = pages.open.iter().rev().filter(|page| !page.is_closed());
        open.next()
            .cloned()
            .ok_or_else(|| match self.state.browser.gone_now() {
                Some(how) => BrowserError::Gone { how },
                None => BrowserError::NoPage,
            })
    }

    /// All open pages, the current one last.
    #[must_use]
    pub fn pages(&self) -> Vec<BrowserPage> {
        self.state.pages().open.clone()
    }

    /// Makes an open page the current one.
    pub fn set_current(&self, page: &BrowserPage) {
        let mut pages = self.state.pages();
        if let Some(at) = pages.open.iter().position(|open| open.is(page)) {
            let page = pages.open.remove(at);
            pages.open.push(page);
        }
    }

    /// How many pages were opened so far; see [`BrowserContext::page_after`].
    #[must_use]
    pub fn opened_pages(&self) -> u64 {
        self.state.pages().opened
    }

    /// Waits for a page that is opened after so many others, and answers with the current one. A page that a
    /// script opens may show `about:blank` for a moment. Actions wait for what they need; before its address or
    /// title is read, wait with [`BrowserPage::wait_for_url`].
    ///
    /// # Errors
    /// No page is opened within the time limit.
    pub async fn page_after(
        &self,
        opened: u64,
        limit: Duration,
    ) -> Result<BrowserPage, BrowserError> {
        let found = |state: &ContextState| {
            let pages = state.pages();
            (pages.opened > opened)
                .then(|| pages.open.last().cloned())
                .flatten()
        };
        let what = "waiting for a new page";
        self.state.wait(Deadline::after(limit), what, found).await
    }
}
