//! A context: pages that share cookies, storage, permissions and a directory for downloads, and share
//! nothing with other contexts.

mod downloads;
mod options;
mod pages;
mod setup;
mod storage;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::json;
use tokio::sync::watch;

pub use downloads::{DownloadState, DownloadedFile};
pub use options::{ContextOptions, DialogPolicy, Viewport};
pub use storage::{Cookie, OriginStorage, StorageState, StoredItem};

use crate::{
    browser::TargetInfo,
    cdp::{CdpEvents, CdpSession},
    deadline::Deadline,
    error::BrowserError,
    page::{BrowserPage, PageCore},
    recorder::RecordingHook,
};
use downloads::Downloads;
use pages::ContextPages;

/// How long the browser may take to open a page.
const OPEN_LIMIT: Duration = Duration::from_secs(30);

/// A context of a browser. Dropping it closes its pages.
pub struct BrowserContext {
    state: Arc<ContextState>,
}

/// What a context's pages share.
pub(crate) struct ContextState {
    id: String,
    browser: CdpSession,
    options: Arc<ContextOptions>,
    /// The size of the pages' windows.
    window: Arc<Mutex<Viewport>>,
    /// What pages may do without asking.
    permissions: Mutex<Vec<String>>,
    pages: Mutex<ContextPages>,
    downloads: Mutex<Downloads>,
    /// Marks that the pages or the downloads changed.
    changed: watch::Sender<()>,
    /// Texts that no picture shows.
    secrets: Arc<Mutex<Vec<String>>>,
    /// Held while a page is opened that only this crate uses.
    hidden: tokio::sync::Mutex<()>,
    /// Where a recorder hears of the pages.
    pub(crate) recording: RecordingHook,
}

impl BrowserContext {
    pub(crate) fn new(id: &str, browser: CdpSession, options: ContextOptions) -> Self {
        Self {
            state: Arc::new(ContextState {
                id: String::from(id),
                browser,
                window: Arc::new(Mutex::new(options.viewport)),
                permissions: Mutex::new(options.permissions.clone()),
                options: Arc::new(options),
                pages: Mutex::default(),
                downloads: Mutex::default(),
                changed: watch::Sender::new(()),
                secrets: Arc::default(),
                hidden: tokio::sync::Mutex::default(),
                recording: RecordingHook::default(),
            }),
        }
    }

    pub(crate) fn state(&self) -> &Arc<ContextState> {
        &self.state
    }

    /// Tells the browser the options that belong to the context, not to a page.
    pub(crate) async fn prepare(&self) -> Result<(), BrowserError> {
        let state = &self.state;
        let downloads = match &state.options.download_directory {
            Some(directory) => json!({
                "behavior": "allowAndName",
                "browserContextId": state.id,
                "downloadPath": directory,
                "eventsEnabled": true,
            }),
            None => json!({
                "behavior": "deny",
                "browserContextId": state.id,
                "eventsEnabled": true,
            }),
        };
        let browser = &state.browser;
        browser
            .send("Browser.setDownloadBehavior", downloads)
            .await?;
        if !state.options.permissions.is_empty() {
            self.grant(&state.options.permissions).await?;
        }
        if let Some(storage) = &state.options.storage {
            state.fill(storage).await?;
        }
        Ok(())
    }

    /// Closes all its pages.
    ///
    /// # Errors
    /// The browser has ended.
    pub async fn close(self) -> Result<(), BrowserError> {
        let dispose = json!({"browserContextId": self.state.id});
        let method = "Target.disposeBrowserContext";
        self.state.browser.send(method, dispose).await.map(drop)
    }
}

impl Drop for BrowserContext {
    fn drop(&mut self) {
        let dispose = json!({"browserContextId": self.state.id});
        self.state
            .browser
            .post("Target.disposeBrowserContext", dispose);
    }
}

impl ContextState {
    fn pages(&self) -> MutexGuard<'_, ContextPages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a page that the browser has opened.
    pub(crate) fn attach(
        self: &Arc<Self>,
        session: CdpSession,
        events: CdpEvents,
        target: TargetInfo,
    ) {
        let hidden = self.pages().announce(&target);
        self.changed.send_replace(());
        let has_opener = target.opener_id.is_some();
        let core = PageCore::new(
            session,
            target,
            Arc::clone(&self.options),
            Arc::clone(&self.secrets),
            Arc::clone(&self.window),
        );
        if !hidden {
            self.recording.attached(&core, has_opener);
        }
        tokio::spawn(Arc::clone(&core).follow(events, Arc::downgrade(self)));
        let context = Arc::clone(self);
        tokio::spawn(async move {
            let prepared = core.prepare().await;
            let page = BrowserPage::new(core);
            // A window of its own process answers when its server does; it is used as it is after that.
            if let Err(error) = prepared
                && !matches!(error, BrowserError::Timeout { .. })
            {
                page.fail(error);
            }
            context.add(page.clone(), hidden);
            // Secrets may have come after the page was prepared and before others saw it.
            if !page.core.secrets().is_empty() {
                // A page that does not answer shows nothing new either.
                let _ = page.core.protect(&Deadline::after(OPEN_LIMIT)).await;
            }
        });
    }

    fn add(&self, page: BrowserPage, hidden: bool) {
        self.pages().add(page, hidden);
        self.changed.send_replace(());
    }

    pub(crate) fn replace_secrets(&self, secrets: Vec<String>) {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = secrets;
    }

    /// A page has ended.
    pub(crate) fn remove(&self, target: &str) {
        self.pages().remove(target);
        self.recording.removed(target);
        self.changed.send_replace(());
    }

    /// A page shows something of this origin.
    pub(crate) fn note_origin(&self, origin: String) {
        self.pages().origins.insert(origin);
    }

    async fn open(&self) -> Result<BrowserPage, BrowserError> {
        let create = json!({"url": "about:blank", "browserContextId": self.id});
        let created = self.browser.send("Target.createTarget", create).await?;
        let target = created["targetId"].as_str().unwrap_or_default();
        let found = |state: &Self| state.pages().opened_as(target);
        let page = self
            .wait(&Deadline::after(OPEN_LIMIT), "opening a page", found)
            .await??;
        page.check_open().map(|()| page)
    }

    /// Waits until something is found; looks whenever the pages or the downloads have changed.
    async fn wait<T>(
        &self,
        deadline: &Deadline,
        what: &str,
        found: impl Fn(&Self) -> Option<T>,
    ) -> Result<T, BrowserError> {
        let mut changed = self.changed.subscribe();
        let waiting = async {
            loop {
                if let Some(found) = found(self) {
                    return Ok(found);
                }
                tokio::select! {
                    _ = changed.changed() => {}
                    how = self.browser.gone() => return Err(BrowserError::Gone { how }),
                }
            }
        };
        match deadline.wait(waiting).await {
            Some(result) => result,
            None => Err(deadline.passed(what, "it is not there yet")),
        }
    }
}
