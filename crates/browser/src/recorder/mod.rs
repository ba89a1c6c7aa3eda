//! Records what a person does in the pages of a context, in a form that can be replayed.
//!
//! A script watches each document of each frame, in a world that the page neither sees nor can call. It names
//! the elements by the best locators, and hands on what was done; values of secret fields never leave the page.

mod action;
mod frames;
mod hook;
mod install;
mod navigation;
mod report;
mod step_names;
mod steps;
mod watcher;

use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc;

pub use action::{RecordedAction, RecordedElement};
pub(crate) use hook::RecordingHook;
pub use steps::{RecordedStep, to_steps};

use crate::{
    context::{BrowserContext, ContextState},
    error::BrowserError,
};
use watcher::Watcher;

/// A recording of a context's pages. Dropping it ends the recording.
pub struct Recorder {
    actions: mpsc::UnboundedReceiver<RecordedAction>,
    context: Arc<ContextState>,
    number: u64,
}

impl Recorder {
    /// Records from now on, in all pages that are open and in those that are opened later. A context has one
    /// recorder: another one takes the place of the one before.
    ///
    /// A page that shows something already is recorded as a navigation to it.
    ///
    /// # Errors
    /// The browser has ended.
    pub async fn start(context: &BrowserContext) -> Result<Self, BrowserError> {
        let (actions, recorded) = mpsc::unbounded_channel();
        let state = Arc::clone(context.state());
        let begun = state.recording.begin();
        let pages = context.pages();
        let mut watcher = Watcher::new(actions, begun.worlds);
        for page in &pages {
            watcher.add_open(&page.core);
        }
        tokio::spawn(watcher.run(begun.notices));
        for page in &pages {
            install::into_page(&page.core);
            // The answer comes after those of the commands before; a page that has crashed gives none.
            let ping = page
                .core
                .session
                .send("Runtime.evaluate", json!({"expression": "0"}));
            if let Err(error @ BrowserError::Gone { .. }) = ping.await {
                return Err(error);
            }
        }
        Ok(Self {
            actions: recorded,
            context: state,
            number: begun.number,
        })
    }

    /// Waits for the next action. `None` once the last page is closed, or the browser has ended.
    pub async fn next(&mut self) -> Option<RecordedAction> {
        self.actions.recv().await
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The scripts go with their documents, and nothing listens to them.
        self.context.recording.end(self.number);
    }
}

#[cfg(test)]
mod send_checks {
    //! Callers record in tasks of their own.

    use super::*;

    fn is_send<T: Send>(_: T) {}

    #[expect(dead_code, reason = "it only has to compile")]
    fn futures(context: &BrowserContext, recorder: &mut Recorder) {
        is_send(Recorder::start(context));
        is_send(recorder.next());
    }
}
