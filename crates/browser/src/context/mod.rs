//! A context: pages that share cookies, storage, permissions and a directory for downloads, and share
//! nothing with other contexts.

mod downloads;
mod options;
mod storage;

use std::{
    collections::{BTreeSet, HashSet},
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
};
use downloads::Downloads;

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
    pages: Mutex<Pages>,
    downloads: Mutex<Downloads>,
    /// Marks that the pages or the downloads changed.
    changed: watch::Sender<()>,
    /// Texts that no picture shows.
    secrets: Arc<Mutex<Vec<String>>>,
    /// Held while a page is opened that only this crate uses.
    hidden: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Pages {
    /// The last one is the current one.
    open: Vec<BrowserPage>,
    /// How many were opened so far.
    opened: u64,
    /// The next page without an opener is the one that only this crate uses.
    expect_hidden: bool,
    hidden: Option<BrowserPage>,
    /// All that pages have visited.
    origins: BTreeSet<String>,
    /// The main frames of all pages, also of those that are not ready or not open.
    main_frames: HashSet<String>,
}

impl BrowserContext {
    pub(crate) fn new(id: &str, browser: CdpSession, options: ContextOptions) -> Self {
        Self {
            state: Arc::new(ContextState {
                id: String::from(id),
                browser,
                options: Arc::new(options),
                pages: Mutex::default(),
                downloads: Mutex::default(),
                changed: watch::Sender::new(()),
                secrets: Arc::default(),
                hidden: tokio::sync::Mutex::default(),
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
            let grant = json!({
                "browserContextId": state.id,
                "permissions": state.options.permissions,
            });
            browser.send("Browser.grantPermissions", grant).await?;
        }
        if let Some(storage) = &state.options.storage {
            state.fill(storage).await?;
        }
        Ok(())
    }

    /// Opens a page, which is the current one from then on.
    ///
    /// # Errors
    /// The browser has ended, or does not open it in time.
    pub async fn new_page(&self) -> Result<BrowserPage, BrowserError> {
        let _not_hidden = self.state.hidden.lock().await;
        self.state.open().await
    }

    /// The current page: the one that was opened last, by the caller or by another page, and is open.
    ///
    /// # Errors
    /// No page is open.
    pub fn page(&self) -> Result<BrowserPage, BrowserError> {
        let pages = self.state.pages();
        let mut open = pages.open.iter().rev().filter(|page| !page.is_closed());
        open.next()
            .cloned()
            .ok_or_else(|| match self.state.browser.gone_now() {
                Some(how) => BrowserError::Gone { how },
                None => BrowserError::NoPage,
            })
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

    /// How many pages were opened so far; see [`BrowserContext::page_after`].
    #[must_use]
    pub fn opened_pages(&self) -> u64 {
        self.state.pages().opened
    }

    /// Waits for a page that is opened after so many others, and answers with the current one.
    ///
    /// # Errors
    /// No page is opened within the time limit.
    pub async fn page_after(
        &self,
        opened: u64,
        limit: Duration,
    ) -> Result<BrowserPage, BrowserError> {
        let found = |state: &ContextState| {
            let pages = state.pages();
            (pages.opened > opened)
                .then(|| pages.open.last().cloned())
                .flatten()
        };
        let what = "waiting for a new page";
        self.state.wait(Deadline::after(limit), what, found).await
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
    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a page that the browser has opened.
    pub(crate) fn attach(
        self: &Arc<Self>,
        session: CdpSession,
        events: CdpEvents,
        target: TargetInfo,
    ) {
        let hidden = {
            let mut pages = self.pages();
            pages.main_frames.insert(target.target_id.clone());
            target.opener_id.is_none() && std::mem::take(&mut pages.expect_hidden)
        };
        let core = PageCore::new(
            session,
            target,
            Arc::clone(&self.options),
            Arc::clone(&self.secrets),
        );
        tokio::spawn(Arc::clone(&core).follow(events, Arc::downgrade(self)));
        let context = Arc::clone(self);
        tokio::spawn(async move {
            let prepared = core.prepare().await;
            let page = BrowserPage::new(core);
            if let Err(error) = prepared {
                page.fail(error);
            }
            context.add(page, hidden);
        });
    }

    fn add(&self, page: BrowserPage, hidden: bool) {
        let mut pages = self.pages();
        if hidden {
            pages.hidden = Some(page);
        } else {
            pages.open.push(page);
            pages.opened += 1;
        }
        drop(pages);
        self.changed.send_replace(());
    }

    pub(crate) fn replace_secrets(&self, secrets: Vec<String>) {
        *self.secrets.lock().unwrap_or_else(PoisonError::into_inner) = secrets;
    }

    /// A page has ended.
    pub(crate) fn remove(&self, target: &str) {
        self.pages().open.retain(|page| page.target() != target);
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
        let found = |state: &Self| {
            let pages = state.pages();
            let mut all = pages.open.iter().chain(&pages.hidden);
            all.find(|page| page.target() == target).cloned()
        };
        let page = self
            .wait(Deadline::after(OPEN_LIMIT), "opening a page", found)
            .await?;
        page.check_open().map(|()| page)
    }

    /// Waits until something is found; looks whenever the pages or the downloads have changed.
    async fn wait<T>(
        &self,
        deadline: Deadline,
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
            None => Err(deadline.passed(what, "it did not come")),
        }
    }
}
