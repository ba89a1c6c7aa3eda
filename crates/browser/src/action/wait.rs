//! The loop of every action: find the element, see whether it is ready, act, or try again.

use super::{last::BegunAction, pause};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{FoundElement, PageCore, Search, is_stale},
};

/// Why a try of an action has not done it.
pub(super) enum Miss {
    /// Something does not hold yet.
    NotYet(String),
    /// It failed.
    Failed(BrowserError),
}

impl From<BrowserError> for Miss {
    fn from(error: BrowserError) -> Self {
        Self::Failed(error)
    }
}

/// The tries of one action.
pub(super) struct Tries<'a> {
    page: &'a PageCore,
    what: String,
    deadline: &'a Deadline,
    /// How many there were.
    count: usize,
    /// What did not hold in the last one.
    reason: String,
}

impl<'a> Tries<'a> {
    /// For what a person calls the action.
    pub(super) fn new(page: &'a PageCore, what: String, deadline: &'a Deadline) -> Self {
        Self {
            page,
            what,
            deadline,
            count: 0,
            reason: String::from("the page is loading"),
        }
    }

    /// For an action on the element that a locator names.
    pub(super) fn of(
        page: &'a PageCore,
        what: &str,
        locator: &Locator,
        deadline: &'a Deadline,
    ) -> Self {
        Self::new(page, format!("{what} `{locator}`"), deadline)
    }

    /// For an action that has begun.
    pub(super) fn begun(page: &'a PageCore, action: &BegunAction<'a>) -> Self {
        Self::of(page, action.name.doing(), action.locator, action.deadline)
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Waits a moment before the next try; fails when there is to be none.
    pub(super) async fn again(&mut self, miss: Miss) -> Result<(), BrowserError> {
        match miss {
            Miss::NotYet(reason) => self.reason = reason,
            // A document that goes in the middle is the same as an element that does not match yet.
            Miss::Failed(error) if is_stale(&error) => {
                self.reason = String::from("the page navigates");
            }
            // A frame's session may end while the page goes on.
            Miss::Failed(BrowserError::Closed) if self.page.check_open().is_ok() => {
                self.reason = String::from("the frame was replaced");
            }
            // Time that ran out in the middle of a try: what did not hold before says more.
            Miss::Failed(BrowserError::Timeout { reason, .. }) => {
                if self.count == 0 {
                    self.reason = reason;
                }
                return Err(self.passed());
            }
            Miss::Failed(error) => return Err(error),
        }
        let pausing = tokio::time::sleep(pause(self.count));
        if self.deadline.wait(pausing).await.is_none() || self.deadline.has_passed() {
            return Err(self.passed());
        }
        self.count += 1;
        Ok(())
    }

    fn passed(&self) -> BrowserError {
        self.deadline
            .passed(self.what.as_str(), self.reason.as_str())
    }
}

impl PageCore {
    /// Looks once for the element, of which these checks have to hold.
    pub(super) async fn ready(
        &self,
        locator: &Locator,
        checks: &[&str],
        deadline: &Deadline,
    ) -> Result<FoundElement, Miss> {
        self.look_once(locator, checks, false, deadline).await
    }

    /// The same; scrolls to it for an action.
    pub(super) async fn look_once(
        &self,
        locator: &Locator,
        checks: &[&str],
        scroll: bool,
        deadline: &Deadline,
    ) -> Result<FoundElement, Miss> {
        match self.find(locator, checks, scroll, deadline).await? {
            Search::Nothing { reason } => Err(Miss::NotYet(reason)),
            Search::Found(element) => match element.failed {
                Some(failed) => Err(Miss::NotYet(failed)),
                None => Ok(element),
            },
        }
    }
}
