//! The waits for what a page shows and what arrives in it.

use std::time::Duration;

use super::{BrowserPage, LoadState, ResponseRecord, state::PageState};
use crate::{deadline::Deadline, error::BrowserError};

impl BrowserPage {
    /// Waits until the page that is shown is loaded that far.
    ///
    /// # Errors
    /// The time limit passes, or the page has ended.
    pub async fn wait_for_load(
        &self,
        until: LoadState,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let passed = |state: &mut PageState| {
            let load = &state.load;
            (!load.starting && load.passed.contains(until.event())).then_some(())
        };
        match deadline.wait(self.core.wait(passed)).await {
            Some(result) => result,
            None => Err(self
                .core
                .not_loaded("waiting for the page", until, &deadline)),
        }
    }

    /// Waits until the address that is shown fulfils a condition.
    ///
    /// # Errors
    /// The time limit passes, or the page has ended.
    pub async fn wait_for_url(
        &self,
        mut fulfils: impl FnMut(&str) -> bool + Send,
        limit: Duration,
    ) -> Result<String, BrowserError> {
        let deadline = Deadline::after(limit);
        let shown = |state: &mut PageState| fulfils(&state.url).then(|| state.url.clone());
        match deadline.wait(self.core.wait(shown)).await {
            Some(result) => result,
            None => {
                let reason = format!("the page shows {}", self.url());
                Err(deadline.passed("waiting for the address", reason))
            }
        }
    }

    /// Waits for an answer of a server that arrives after so many others and fulfils a condition: take
    /// `records().response_count` before the action that asks for it.
    ///
    /// # Errors
    /// The time limit passes, or the page has ended.
    pub async fn response_after(
        &self,
        count: u64,
        mut fulfils: impl FnMut(&ResponseRecord) -> bool + Send,
        limit: Duration,
    ) -> Result<ResponseRecord, BrowserError> {
        let deadline = Deadline::after(limit);
        let arrived = |state: &mut PageState| {
            let mut later = state.records.responses.iter().filter(|r| r.number > count);
            later.find(|response| fulfils(response)).cloned()
        };
        match deadline.wait(self.core.wait(arrived)).await {
            Some(result) => result,
            None => {
                let arrived = self
                    .core
                    .state()
                    .records
                    .response_count
                    .saturating_sub(count);
                let reason = format!("{arrived} other answers arrived");
                Err(deadline.passed("waiting for a response", reason))
            }
        }
    }
}
