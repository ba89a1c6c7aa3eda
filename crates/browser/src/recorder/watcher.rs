//! Puts the reports of all pages in one order, and makes one action of what belongs together.

use std::sync::Arc;

use tokio::{sync::mpsc, time::Instant};

use super::{
    RecordedAction,
    frames::{FrameWorld, RecordedFrames},
    hook::{Notice, PageEvent},
    navigation::{RecordedPage, is_visited},
    report::ScriptReport,
};
use crate::page::PageCore;

/// A field that is being filled: each report of it replaces the one before.
struct PendingFill {
    target: String,
    action: RecordedAction,
}

/// Follows the pages of one context.
pub(super) struct Watcher {
    actions: mpsc::UnboundedSender<RecordedAction>,
    /// The last one was opened last.
    pages: Vec<RecordedPage>,
    frames: RecordedFrames,
    pending: Option<PendingFill>,
    /// The page that was used last, by its target.
    current: Option<String>,
    last_action: Option<Instant>,
}

impl Watcher {
    pub(super) fn new(
        actions: mpsc::UnboundedSender<RecordedAction>,
        worlds: Vec<FrameWorld>,
    ) -> Self {
        Self {
            actions,
            pages: Vec::new(),
            frames: RecordedFrames::new(worlds),
            pending: None,
            current: None,
            last_action: None,
        }
    }

    /// Takes a page that is open before the recording begins.
    pub(super) fn add_open(&mut self, core: &Arc<PageCore>) {
        let url = core.state().url.clone();
        let shows_something = is_visited(&url);
        let page = RecordedPage::new(Arc::clone(core), false, shows_something);
        self.pages.push(page);
        self.current = Some(core.target.clone());
        if shows_something {
            self.emit(RecordedAction::Navigate { url });
        }
    }

    /// Until the last page is closed, or the recorder is gone.
    pub(super) async fn run(mut self, mut notices: mpsc::UnboundedReceiver<Notice>) {
        while let Some(notice) = notices.recv().await {
            match notice {
                Notice::Attached { core, has_opener } => self.attached(core, has_opener),
                Notice::Removed { target } => {
                    if self.removed(&target) && self.pages.is_empty() {
                        return;
                    }
                }
                Notice::World(world) => self.frames.add(world),
                Notice::Event(event) => self.take(event).await,
            }
        }
        self.settle();
    }

    fn attached(&mut self, core: Arc<PageCore>, has_opener: bool) {
        if self.page(&core).is_some() {
            return;
        }
        let opened = Some(core.target.clone());
        if std::mem::replace(&mut self.current, opened).is_some() {
            self.emit(RecordedAction::OpenedPage);
        }
        self.pages.push(RecordedPage::new(core, has_opener, false));
    }

    fn removed(&mut self, target: &str) -> bool {
        let Some(at) = self
            .pages
            .iter()
            .position(|page| page.core.target == target)
        else {
            return false;
        };
        self.pages.remove(at);
        self.settle();
        if self.current.as_deref() == Some(target) {
            let before = self.pages.last().map(|page| Arc::clone(&page.core));
            self.current = before.as_ref().map(|core| core.target.clone());
            if let Some(core) = before {
                let url = core.state().url.clone();
                self.emit(RecordedAction::ClosedPage { url });
            }
        }
        true
    }

    async fn take(&mut self, event: PageEvent) {
        match event.method.as_str() {
            "Runtime.bindingCalled" => self.reported(&event).await,
            "Page.frameNavigated" => {
                let last_action = self.last_action;
                let Some(page) = self.page(&event.core) else {
                    return;
                };
                if let Some(url) = page.commit(&event, last_action) {
                    self.use_page(&event.core);
                    self.emit(RecordedAction::Navigate { url });
                }
            }
            _ => {
                if let Some(page) = self.page(&event.core) {
                    page.begin(&event);
                }
            }
        }
    }

    fn page(&mut self, core: &PageCore) -> Option<&mut RecordedPage> {
        self.pages.iter_mut().find(|page| page.is(core))
    }

    async fn reported(&mut self, event: &PageEvent) {
        let payload = event.params["payload"].as_str().unwrap_or_default();
        let Ok(report) = serde_json::from_str::<ScriptReport>(payload) else {
            return;
        };
        let Some(frame) = self.frames.frame_of(event) else {
            return;
        };
        if matches!(report, ScriptReport::Settle) {
            return self.settle();
        }
        let Some(prefix) = self.frames.prefix(&event.core, &frame).await else {
            return;
        };
        let Some(action) = report.read(&prefix) else {
            return;
        };
        self.last_action = Some(event.at);
        self.use_page(&event.core);
        match action {
            RecordedAction::Fill { .. } => self.fill(&event.core, action),
            action => self.emit(action),
        }
    }

    /// Holds what is in a field until something else is done.
    fn fill(&mut self, core: &PageCore, action: RecordedAction) {
        let is_same = self.pending.as_ref().is_some_and(|pending| {
            pending.target == core.target && locator_of(&pending.action) == locator_of(&action)
        });
        if !is_same {
            self.settle();
        }
        self.pending = Some(PendingFill {
            target: core.target.clone(),
            action,
        });
    }

    /// The person acts in this page.
    fn use_page(&mut self, core: &PageCore) {
        if self.current.as_deref() == Some(core.target.as_str()) {
            return;
        }
        let url = core.state().url.clone();
        self.emit(RecordedAction::SwitchedPage { url });
        self.current = Some(core.target.clone());
    }

    fn settle(&mut self) {
        if let Some(pending) = self.pending.take() {
            // The recorder may have gone.
            let _ = self.actions.send(pending.action);
        }
    }

    fn emit(&mut self, action: RecordedAction) {
        self.settle();
        let _ = self.actions.send(action);
    }
}

fn locator_of(action: &RecordedAction) -> Option<&str> {
    match action {
        RecordedAction::Fill { element, .. } => Some(element.locator.as_str()),
        _ => None,
    }
}
