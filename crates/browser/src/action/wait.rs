//! The loop of every action: find the element, see whether it is ready, act, or try again.

use crate::{
    action::pause,
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{FoundElement, PageCore, Search, is_stale},
};

/// What one try of an action has led to.
pub(super) enum Attempt<T> {
    Done(T),
    /// Something does not hold yet.
    NotYet(String),
}

impl PageCore {
    /// Tries an action until it is done or the deadline passes. A document that goes in the middle is
    /// the same as an element that does not match yet.
    pub(super) async fn attempt<T>(
        &self,
        what: &str,
        deadline: &Deadline,
        mut action: impl AsyncFnMut(usize) -> Result<Attempt<T>, BrowserError>,
    ) -> Result<T, BrowserError> {
        let mut reason = String::from("the page is loading");
        let mut tries = 0;
        loop {
            match action(tries).await {
                Ok(Attempt::Done(result)) => return Ok(result),
                Ok(Attempt::NotYet(why)) => reason = why,
                Err(error) if is_stale(&error) => {
                    reason = String::from("the page navigates");
                }
                // A frame's session may end while the page goes on.
                Err(BrowserError::Closed) if self.check_open().is_ok() => {
                    reason = String::from("the frame was replaced");
                }
                Err(BrowserError::Timeout { reason: inner, .. }) => {
                    let known = tries > 0 && inner.contains("does not answer");
                    let reason = if known {
                        format!("{inner} (before: {reason})")
                    } else {
                        inner
                    };
                    return Err(deadline.passed(what, reason));
                }
                Err(error) => return Err(error),
            }
            if deadline.has_passed() {
                return Err(deadline.passed(what, reason));
            }
            let waited = deadline.wait(tokio::time::sleep(pause(tries))).await;
            if waited.is_none() {
                return Err(deadline.passed(what, reason));
            }
            tries += 1;
        }
    }

    /// Tries an action on the element until the checks hold and the action is done.
    pub(super) async fn attempt_on<T>(
        &self,
        what: &str,
        locator: &Locator,
        checks: &[&str],
        deadline: &Deadline,
        mut action: impl AsyncFnMut(&FoundElement, usize) -> Result<Attempt<T>, BrowserError>,
    ) -> Result<T, BrowserError> {
        let what = format!("{what} `{locator}`");
        let step = async |tries: usize| {
            let element = match self.find(locator, checks, deadline).await? {
                Search::Nothing { reason } => return Ok(Attempt::NotYet(reason)),
                Search::Found(element) => element,
            };
            match element.failed.clone() {
                Some(failed) => Ok(Attempt::NotYet(failed)),
                None => action(&element, tries).await,
            }
        };
        self.attempt(&what, deadline, step).await
    }
}
