//! A page: where it is, what happened in it, and the calls into its frames.

mod console;
mod fault;
mod follow;
mod frames;
mod navigate;
mod network;
mod records;
mod settle;
mod state;
mod waits;
mod window;
mod world;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::watch;

pub use navigate::{LoadState, VisitedPage};
pub use records::{ConsoleLine, DialogRecord, FailedRequest, PageRecords, ResponseRecord};

pub(crate) use fault::{is_stale, name_timeout};
pub use frames::ElementArea;
pub(crate) use frames::{FoundElement, Search};
pub(crate) use world::FramePlace;

use crate::{
    action::LastAction,
    browser::TargetInfo,
    cdp::CdpSession,
    context::{ContextOptions, DialogPolicy, Viewport},
    deadline::Deadline,
    error::BrowserError,
};
use state::PageState;

/// How long a new page may take to be set up.
const PREPARE_LIMIT: Duration = Duration::from_secs(30);

/// A page of a context. Copies mean the same page.
#[derive(Clone)]
pub struct BrowserPage {
    pub(crate) core: Arc<PageCore>,
}

/// What all copies of a page share.
pub(crate) struct PageCore {
    pub(crate) session: CdpSession,
    pub(crate) target: String,
    options: Arc<ContextOptions>,
    /// Texts of the context that no picture shows.
    secrets: Arc<Mutex<Vec<String>>>,
    /// The size of its window, which is that of all pages of its context.
    window: Arc<Mutex<Viewport>>,
    /// Held from the look at the secrets until the documents have them, so that no older ones come last.
    pub(crate) covering: tokio::sync::Mutex<()>,
    state: Mutex<PageState>,
    pub(crate) last_action: watch::Sender<Option<LastAction>>,
    /// Marks that the state changed.
    changed: watch::Sender<()>,
}

/// Copies of one page are equal, no two pages are.
impl PartialEq for BrowserPage {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.core, &other.core)
    }
}

impl BrowserPage {
    pub(crate) fn new(core: Arc<PageCore>) -> Self {
        Self { core }
    }

    pub(crate) fn target(&self) -> &str {
        &self.core.target
    }

    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.core, &other.core)
    }

    pub(crate) fn fail(&self, error: BrowserError) {
        self.core.update(|state| state.end(error));
    }

    pub(crate) fn has_frame(&self, frame: &str) -> bool {
        self.core.state().frames.contains_key(frame)
    }

    /// Fails if it has crashed or was closed.
    pub(crate) fn check_open(&self) -> Result<(), BrowserError> {
        self.core.check_open()
    }

    /// True while it can be used: it is open, and neither it nor its browser has crashed.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.core.check_open().is_ok()
    }

    /// True once it was closed, or the browser has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        let state = self.core.state();
        matches!(
            state.ended,
            Some(BrowserError::Closed | BrowserError::Gone { .. })
        )
    }

    /// The address that it shows.
    #[must_use]
    pub fn url(&self) -> String {
        self.core.state().url.clone()
    }

    /// The title of its document.
    ///
    /// # Errors
    /// The page has ended, or does not answer in time.
    pub async fn title(&self, limit: Duration) -> Result<String, BrowserError> {
        let title = self.evaluate("document.title", limit).await?;
        Ok(String::from(title.as_str().unwrap_or_default()))
    }

    /// What happened in it: the last console lines, failed requests and dialogs.
    #[must_use]
    pub fn records(&self) -> PageRecords {
        self.core.state().records.clone()
    }

    /// What happens to its dialogs from now on.
    pub fn set_dialogs(&self, policy: DialogPolicy) {
        self.core.state().dialogs = policy;
    }

    /// Says whether it visits pages whose certificates are wrong, from now on.
    ///
    /// # Errors
    /// The page has ended.
    pub async fn ignore_tls_errors(&self, ignore: bool) -> Result<(), BrowserError> {
        self.core.check_open()?;
        let ignore = json!({"ignore": ignore});
        let session = &self.core.session;
        let answer = session.send("Security.setIgnoreCertificateErrors", ignore);
        answer.await.map(drop)
    }

    /// Evaluates an expression of JavaScript in the page's own world; awaits a promise. The value has to have
    /// a JSON form.
    ///
    /// # Errors
    /// The script throws, the page has ended, or it does not answer in time.
    pub async fn evaluate(&self, expression: &str, limit: Duration) -> Result<Value, BrowserError> {
        self.core.check_open()?;
        let deadline = Deadline::after(limit);
        let params = json!({
            "expression": expression,
            "awaitPromise": true,
            "returnByValue": true,
            "userGesture": true,
        });
        let session = &self.core.session;
        let answer = session.send_within("Runtime.evaluate", params, limit).await;
        let answer = name_timeout(answer, &deadline, "the script")?;
        fault::value_of(answer)
    }

    /// Closes it. The page is not asked whether it agrees.
    ///
    /// # Errors
    /// The browser has ended.
    pub async fn close(&self) -> Result<(), BrowserError> {
        let close = json!({"targetId": self.core.target});
        let browser = self.core.session.browser();
        browser.send("Target.closeTarget", close).await?;
        let closed = |state: &mut PageState| state.ended.is_some().then_some(());
        let deadline = Deadline::after(Duration::from_secs(5));
        // It is closed either way.
        let _ = deadline.wait(self.core.wait_ended(closed)).await;
        Ok(())
    }
}

impl PageCore {
    pub(crate) fn new(
        session: CdpSession,
        target: TargetInfo,
        options: Arc<ContextOptions>,
        secrets: Arc<Mutex<Vec<String>>>,
        window: Arc<Mutex<Viewport>>,
    ) -> Arc<Self> {
        let state = PageState::new(&target.target_id, target.url, options.dialogs.clone());
        Arc::new(Self {
            session,
            target: target.target_id,
            options,
            secrets,
            window,
            covering: tokio::sync::Mutex::default(),
            state: Mutex::new(state),
            last_action: watch::Sender::new(None),
            changed: watch::Sender::new(()),
        })
    }

    /// Sets the page up, and lets it go on.
    pub(crate) async fn prepare(&self) -> Result<(), BrowserError> {
        let session = &self.session;
        let attach = json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true});
        let tls = json!({"ignore": self.options.ignore_tls_errors});
        let deadline = Deadline::after(PREPARE_LIMIT);
        // All leave at once and in this order: some are answered only when the page goes on.
        tokio::try_join!(
            biased;
            session.send("Page.enable", json!({})),
            session.send("Inspector.enable", json!({})),
            session.send("Page.setLifecycleEventsEnabled", json!({"enabled": true})),
            session.send("Runtime.enable", json!({})),
            session.send("Log.enable", json!({})),
            session.send("Network.enable", json!({})),
            session.send("Security.setIgnoreCertificateErrors", tls),
            session.send(window::METRICS, self.metrics()),
            session.send("Emulation.setFocusEmulationEnabled", json!({"enabled": true})),
            session.send("Target.setAutoAttach", attach),
            self.protect_new_documents(&deadline),
            session.send("Runtime.runIfWaitingForDebugger", json!({})),
        )?;
        Ok(())
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, PageState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state, and lets those look again who wait for something.
    pub(crate) fn update<T>(&self, change: impl FnOnce(&mut PageState) -> T) -> T {
        let changed = change(&mut self.state());
        self.changed.send_replace(());
        changed
    }

    pub(crate) fn check_open(&self) -> Result<(), BrowserError> {
        self.state().ended.clone().map_or(Ok(()), Err)
    }

    /// Waits until something is found in the state; fails when the page ends.
    pub(crate) async fn wait<T>(
        &self,
        found: impl FnMut(&mut PageState) -> Option<T>,
    ) -> Result<T, BrowserError> {
        self.wait_until(found, true).await
    }

    /// Waits until something is found in the state, also in that of a page that has ended.
    pub(crate) async fn wait_ended<T>(
        &self,
        found: impl FnMut(&mut PageState) -> Option<T>,
    ) -> Result<T, BrowserError> {
        self.wait_until(found, false).await
    }

    async fn wait_until<T>(
        &self,
        mut found: impl FnMut(&mut PageState) -> Option<T>,
        open: bool,
    ) -> Result<T, BrowserError> {
        let mut changed = self.changed.subscribe();
        loop {
            {
                let mut state = self.state();
                if let Some(found) = found(&mut state) {
                    return Ok(found);
                }
                if open && let Some(error) = &state.ended {
                    return Err(error.clone());
                }
            }
            // The sender lives as long as this page.
            let _ = changed.changed().await;
        }
    }
}
