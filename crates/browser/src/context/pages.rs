//! The pages of a context: which are open, and which is the current one.

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use super::{BrowserContext, ContextState};
use crate::{browser::TargetInfo, deadline::Deadline, error::BrowserError, page::BrowserPage};

#[derive(Default)]
pub(super) struct ContextPages {
    /// The last one is the current one.
    pub(super) open: Vec<BrowserPage>,
    /// Those that the browser has opened and that are not set up yet.
    opening: Vec<OpeningPage>,
    /// How many were opened so far, those that are not set up yet among them.
    opened: u64,
    /// The next page without an opener is the one that only this crate uses.
    pub(super) expect_hidden: bool,
    pub(super) hidden: Option<BrowserPage>,
    /// All that pages have visited.
    pub(super) origins: BTreeSet<String>,
    /// The main frames of all pages, also of those that are not ready or not open.
    pub(super) main_frames: HashSet<String>,
}

/// A page that is being set up.
struct OpeningPage {
    target: String,
    hidden: bool,
}

impl ContextPages {
    /// Counts a page that the browser has opened; answers whether only this crate uses it.
    pub(super) fn announce(&mut self, target: &TargetInfo) -> bool {
        self.main_frames.insert(target.target_id.clone());
        let hidden = target.opener_id.is_none() && std::mem::take(&mut self.expect_hidden);
        self.opening.push(OpeningPage {
            target: target.target_id.clone(),
            hidden,
        });
        self.opened += u64::from(!hidden);
        hidden
    }

    /// Takes a page that is set up, or that could not be.
    pub(super) fn add(&mut self, page: BrowserPage, hidden: bool) {
        self.opening
            .retain(|opening| opening.target != page.target());
        // It may have closed while it was set up: its end came before it was here to be removed.
        if page.is_closed() {
            return;
        }
        match hidden {
            true => self.hidden = Some(page),
            false => self.open.push(page),
        }
    }

    pub(super) fn remove(&mut self, target: &str) {
        self.opening.retain(|opening| opening.target != target);
        self.open.retain(|page| page.target() != target);
    }

    /// The page of a target once it is set up; an error when it has gone before that.
    pub(super) fn opened_as(&self, target: &str) -> Option<Result<BrowserPage, BrowserError>> {
        let mut all = self.open.iter().chain(&self.hidden);
        if let Some(page) = all.find(|page| page.target() == target) {
            return Some(Ok(page.clone()));
        }
        let mut opening = self.opening.iter();
        let opening = opening.any(|opening| opening.target == target);
        (self.main_frames.contains(target) && !opening).then_some(Err(BrowserError::Closed))
    }

    /// The page that was opened last, or made the current one, and is open.
    fn current(&self) -> Option<&BrowserPage> {
        self.open.iter().rev().find(|page| !page.is_closed())
    }
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

    /// The current page: the one that was opened last, by the caller or by another page, and is open. A page
    /// that is still being set up does not count yet; see [`BrowserContext::current_page`].
    ///
    /// # Errors
    /// No page is open.
    pub fn page(&self) -> Result<BrowserPage, BrowserError> {
        let page = self.state.pages().current().cloned();
        page.ok_or_else(|| self.state.no_page())
    }

    /// The current page, after all pages are set up that the browser has opened, and once it shows a document:
    /// what comes after an action that opens a page meets that page. Where it closes meanwhile, as one does that
    /// is a download, the page that was current before is.
    ///
    /// # Errors
    /// No page is open, or one is not set up within the time limit: a window without an opener is set up when its
    /// server has answered. One with an opener is the current page then, as it is.
    pub async fn current_page(&self, limit: Duration) -> Result<BrowserPage, BrowserError> {
        let found = |state: &ContextState| {
            let pages = state.pages();
            let are_set_up = pages.opening.iter().all(|opening| opening.hidden);
            are_set_up.then(|| pages.current().cloned())
        };
        let what = "waiting for the page that was opened";
        let deadline = Deadline::after(limit);
        loop {
            let page = self.state.wait(&deadline, what, found).await;
            let page = page.map_err(|error| match error {
                BrowserError::Timeout { .. } => {
                    let reason =
                        "its server has not answered, or a script of its opener does not end";
                    deadline.passed(what, reason)
                }
                error => error,
            })?;
            let page = page.ok_or_else(|| self.state.no_page())?;
            let shown = deadline.wait(page.core.first_document()).await;
            if shown.is_none() || self.page().is_ok_and(|current| current == page) {
                return Ok(page);
            }
        }
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

    /// How many pages were opened so far. A page counts from when the browser tells of it: when the action has
    /// ended that opens it, this number has risen. See [`BrowserContext::page_after`].
    #[must_use]
    pub fn opened_pages(&self) -> u64 {
        self.state.pages().opened
    }

    /// Waits for a page that is opened after so many others, and answers with the current one; see
    /// [`BrowserContext::current_page`]. Before its title is read, wait with [`BrowserPage::wait_for_load`].
    ///
    /// # Errors
    /// No page is opened within the time limit, or none is open.
    pub async fn page_after(
        &self,
        opened: u64,
        limit: Duration,
    ) -> Result<BrowserPage, BrowserError> {
        let deadline = Deadline::after(limit);
        let found = |state: &ContextState| (state.pages().opened > opened).then_some(());
        let what = "waiting for a new page";
        self.state.wait(&deadline, what, found).await?;
        self.current_page(deadline.left()).await
    }
}

impl ContextState {
    fn no_page(&self) -> BrowserError {
        match self.browser.gone_now() {
            Some(how) => BrowserError::Gone { how },
            None => BrowserError::NoPage,
        }
    }
}
