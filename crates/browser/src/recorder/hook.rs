//! Where a context tells its recorder of its pages, if it has one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::{sync::mpsc, time::Instant};

use super::{
    frames::{FrameWorld, remember},
    install::{self, BINDING, WORLD},
};
use crate::{
    cdp::{CdpEvent, CdpSession},
    page::PageCore,
};

/// The events of pages that a recorder needs, besides those of its own worlds.
const OBSERVED: [&str; 3] = [
    "Page.frameNavigated",
    "Page.frameRequestedNavigation",
    "Page.frameStartedNavigating",
];

/// What a recorder hears of a context.
pub(super) enum Notice {
    /// A page is there.
    Attached {
        core: Arc<PageCore>,
        /// Another page has opened it.
        has_opener: bool,
    },
    /// A page is closed.
    Removed { target: String },
    /// A document has a world of the recorder.
    World(FrameWorld),
    /// An event of a page, or of a frame with a process of its own.
    Event(PageEvent),
}

/// An event of a session that belongs to a page.
pub(super) struct PageEvent {
    pub(super) core: Arc<PageCore>,
    pub(super) session: CdpSession,
    pub(super) method: String,
    pub(super) params: Value,
    pub(super) at: Instant,
}

/// A context's link to its recorder.
#[derive(Default)]
pub(crate) struct RecordingHook(Mutex<HookState>);

#[derive(Default)]
struct HookState {
    /// How many recordings were begun: each is known by its number.
    begun: u64,
    sender: Option<mpsc::UnboundedSender<Notice>>,
    /// The worlds of all recordings: the browser tells of each once.
    worlds: Vec<FrameWorld>,
}

/// A recording that has begun.
pub(super) struct BegunRecording {
    pub(super) number: u64,
    pub(super) worlds: Vec<FrameWorld>,
    pub(super) notices: mpsc::UnboundedReceiver<Notice>,
}

impl RecordingHook {
    fn state(&self) -> MutexGuard<'_, HookState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a recording in place of the one before.
    pub(super) fn begin(&self) -> BegunRecording {
        let (sender, notices) = mpsc::unbounded_channel();
        let mut state = self.state();
        state.begun += 1;
        state.sender = Some(sender);
        BegunRecording {
            number: state.begun,
            worlds: state.worlds.clone(),
            notices,
        }
    }

    /// Ends the recording with this number, unless another one has taken its place.
    pub(super) fn end(&self, number: u64) {
        let mut state = self.state();
        if state.begun == number {
            state.sender = None;
        }
    }

    /// Answers whether a recorder was told.
    fn tell(&self, notice: impl FnOnce() -> Notice) -> bool {
        let state = self.state();
        let sender = state.sender.as_ref();
        // A recorder that has seen the last page go hears nothing more.
        sender.is_some_and(|sender| sender.send(notice()).is_ok())
    }

    /// A page is there, and waits for its setup.
    pub(crate) fn attached(&self, core: &Arc<PageCore>, has_opener: bool) {
        let notice = || Notice::Attached {
            core: Arc::clone(core),
            has_opener,
        };
        if self.tell(notice) {
            install::into_session(&core.session);
        }
    }

    /// A frame with a process of its own is there, and waits for its setup.
    pub(crate) fn install(&self, session: &CdpSession) {
        if self.state().sender.is_some() {
            install::into_session(session);
        }
    }

    pub(crate) fn removed(&self, target: &str) {
        self.tell(|| Notice::Removed {
            target: String::from(target),
        });
    }

    fn add_world(&self, session: &CdpSession, event: &CdpEvent) {
        if event.params["context"]["name"] != WORLD {
            return;
        }
        if let Some(world) = FrameWorld::read(session, &event.params) {
            remember(&mut self.state().worlds, world.clone());
            self.tell(|| Notice::World(world));
        }
    }

    /// Hands on what a recorder needs of a page's events.
    pub(crate) fn observe(&self, core: &Arc<PageCore>, session: &CdpSession, event: &CdpEvent) {
        if event.method == "Runtime.executionContextCreated" {
            return self.add_world(session, event);
        }
        let is_wanted = match event.method.as_str() {
            "Runtime.bindingCalled" => event.text("name") == BINDING,
            "Page.documentOpened" => true,
            method => OBSERVED.contains(&method),
        };
        if !is_wanted {
            return;
        }
        let told = self.tell(|| {
            Notice::Event(PageEvent {
                core: Arc::clone(core),
                session: session.clone(),
                method: event.method.clone(),
                params: event.params.clone(),
                at: Instant::now(),
            })
        });
        if told
            && matches!(
                event.method.as_str(),
                "Page.frameNavigated" | "Page.documentOpened"
            )
        {
            let frame = event.params["frame"]["id"].as_str().unwrap_or_default();
            install::into_document(session.clone(), String::from(frame));
        }
    }
}
