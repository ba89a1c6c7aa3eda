//! What an action leads to: another document, the end of the page, or a page that shows its first document.

use std::time::Duration;

use serde_json::json;

use super::{PageCore, fault, state::PageState};
use crate::deadline::Deadline;

/// So long after an action the browser has said whether it begins a navigation.
pub(super) const SETTLE: Duration = Duration::from_millis(1_500);
/// How long a page that is busy may take to answer after an action. One that hangs has its own error at the next one.
const ANSWER: Duration = Duration::from_secs(5);

impl PageCore {
    /// How often a navigation has begun, and how often it has shown something; see [`PageCore::settle`].
    pub(crate) fn navigations(&self) -> (u64, u64) {
        let state = self.state();
        (state.load.begun, state.load.shown)
    }

    /// Of a page that another one has opened: waits until it shows its first document, or is closed because that
    /// is a download. One that goes nowhere has none.
    pub(crate) async fn first_document(&self) {
        let is_shown = |state: &PageState| state.ended.is_some() || !state.url.is_empty();
        if is_shown(&self.state()) {
            return;
        }
        let mut begun = |state: &mut PageState| {
            let begun = state.load.starting || is_shown(state);
            begun.then_some(())
        };
        let begun = self.wait_ended(&mut begun);
        let _ = Deadline::after(SETTLE).wait(begun).await;
        let ends = |state: &mut PageState| {
            let ends = !state.load.starting || state.ended.is_some();
            ends.then_some(())
        };
        let _ = self.wait_ended(ends).await;
        // The page closes a moment after its navigation has ended without a document.
        let shown = |state: &mut PageState| is_shown(state).then_some(());
        let _ = Deadline::after(SETTLE).wait(self.wait_ended(shown)).await;
    }

    /// After an action: if it has begun a navigation, waits until that shows something, so that what
    /// comes next meets the new document; if it has the page closed, waits until it is. How the navigation ends
    /// is not this action's outcome.
    pub(crate) async fn settle(&self, before: (u64, u64), deadline: &Deadline) {
        // The answer comes after the events that the action has caused in the page.
        let closes = json!({"expression": "window.closed === true", "returnByValue": true});
        let answer = self
            .session
            .send_within("Runtime.evaluate", closes, ANSWER.min(deadline.left()))
            .await;
        let unclear = answer.as_ref().is_err_and(fault::is_stale);
        if answer.is_ok_and(|answer| answer["result"]["value"] == true) {
            let ended = |state: &mut PageState| state.ended.is_some().then_some(());
            let _ = Deadline::after(SETTLE).wait(self.wait_ended(ended)).await;
            return;
        }
        if self.state().load.begun == before.0 && !unclear {
            return;
        }
        // What is asked for may never begin: a file to download, or an address of another program.
        let begins = |state: &mut PageState| {
            (state.load.starting || state.load.shown > before.1).then_some(())
        };
        let begun = Deadline::after(SETTLE).wait(self.wait(begins)).await;
        if matches!(begun, Some(Ok(()))) {
            let shown = |state: &mut PageState| (!state.load.starting).then_some(());
            // The caller meets whatever is there then.
            let _ = deadline.wait(self.wait(shown)).await;
        }
    }
}
