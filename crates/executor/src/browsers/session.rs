//! The browser of an execution: opened by its first step that needs one, closed with the execution.

use std::{
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use browser::{
    Browser, BrowserContext, BrowserError, BrowserPage, ContextOptions, DialogPolicy,
    ScreencastFrame, StorageState,
};
use tempfile::TempDir;
use tokio::{
    sync::{Mutex, MutexGuard},
    task::spawn_blocking,
    time::timeout,
};

use super::{
    Browsers,
    frames::{Audience, Frames, NewestFrame},
    proxy::PageProxy,
    trace::PageTrace,
};
use crate::redactor::Redactor;

/// How long the pages may take to cover new secrets.
const COVER_LIMIT: Duration = Duration::from_secs(10);
/// How long a page that an earlier step has opened may take to be set up.
const OPEN_LIMIT: Duration = Duration::from_secs(10);
/// How long a browser that hangs may take to close a context. It goes with the browser.
const CLOSE_LIMIT: Duration = Duration::from_secs(2);

/// An execution's browser, if it has one.
#[derive(Default)]
pub(crate) struct BrowserSession {
    open: Mutex<Option<OpenBrowser>>,
    /// Held by a step for as long as it works with the page.
    turn: Mutex<()>,
    /// An earlier page is gone: nothing may take an empty one for it.
    lost: AtomicBool,
    pub(crate) trace: PageTrace,
    /// Knows the secrets that the execution opened.
    redactor: std::sync::Mutex<Redactor>,
    newest: NewestFrame,
}

/// A context of its own in the executor's browser.
struct OpenBrowser {
    browser: Arc<Browser>,
    context: Arc<BrowserContext>,
    proxy: Arc<PageProxy>,
    downloads: TempDir,
    /// The secrets that no picture shows.
    covered: Vec<String>,
    /// How many answers the page had when the step before began, and when this one did.
    answers: (u64, u64),
    frames: Option<Frames>,
}

/// What a step works with.
pub(crate) struct SessionPage {
    pub(crate) page: BrowserPage,
    pub(crate) context: Arc<BrowserContext>,
    /// Its way to the network.
    pub(crate) proxy: Arc<PageProxy>,
    /// How many answers the page had when the step before began.
    pub(crate) answers: u64,
    /// How many it had when this step began.
    pub(crate) answered: u64,
}

impl BrowserSession {
    /// Waits for the turn of a step: two at once would type into each other's fields.
    pub(crate) async fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Notes that an earlier attempt had a page, which is not here.
    pub(crate) async fn miss(&self) {
        if self.open.lock().await.is_none() {
            self.lost.store(true, SeqCst);
        }
    }

    /// Whether an earlier page is gone.
    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(SeqCst)
    }

    /// A new page was opened.
    pub(crate) fn found(&self) {
        self.lost.store(false, SeqCst);
    }

    /// The current page. No picture of it shows one of the secrets.
    pub(crate) async fn page(
        &self,
        browsers: &Browsers,
        secrets: Vec<String>,
        audience: Audience,
    ) -> Result<SessionPage, BrowserError> {
        let mut open = self.open.lock().await;
        if let Some(ended) = open.take_if(|open| !open.browser.is_alive()) {
            self.lost.store(true, SeqCst);
            ended.close().await;
        }
        let open = match &mut *open {
            Some(open) => open,
            none => none.insert(OpenBrowser::new(browsers, ContextOptions::default()).await?),
        };
        if secrets != open.covered {
            open.context
                .set_secrets(secrets.clone(), COVER_LIMIT)
                .await?;
            open.covered = secrets;
        }
        let page = match open.context.current_page(OPEN_LIMIT).await {
            Ok(page) if page.is_usable() => page,
            Ok(crashed) => {
                self.lost.store(true, SeqCst);
                // What has crashed cannot refuse to go.
                let _ = crashed.close().await;
                open.context.new_page().await?
            }
            Err(BrowserError::NoPage) => open.context.new_page().await?,
            Err(error) => return Err(error),
        };
        self.trace.begin(audience.of.token);
        *self.redactor() = audience.redactor.clone();
        let shown = open.frames.as_ref().map(Frames::token);
        if shown != Some(audience.of.token) {
            let newest = Arc::clone(&self.newest);
            open.frames = Some(Frames::show(audience, &open.context, newest));
        }
        open.answers = (open.answers.1, page.records().response_count);
        Ok(SessionPage {
            page,
            context: Arc::clone(&open.context),
            proxy: Arc::clone(&open.proxy),
            answers: open.answers.0,
            answered: open.answers.1,
        })
    }

    /// Opens a new context with what a browser was: the pages so far are closed.
    pub(crate) async fn load(
        &self,
        browsers: &Browsers,
        storage: StorageState,
    ) -> Result<(), BrowserError> {
        let mut open = self.open.lock().await;
        let before = open.take();
        let mut options = ContextOptions {
            storage: Some(storage),
            ..ContextOptions::default()
        };
        if let Some(before) = &before {
            options.viewport = before.context.viewport();
            options.permissions = before.context.permissions();
        }
        let begun = OpenBrowser::new(browsers, options).await;
        if let Some(before) = before {
            before.close().await;
        }
        *open = Some(begun?);
        self.found();
        Ok(())
    }

    /// Whether it has a browser that runs.
    pub(super) async fn is_alive(&self) -> bool {
        let open = self.open.lock().await;
        open.as_ref().is_some_and(|open| open.browser.is_alive())
    }

    /// Whether it is worth keeping: its browser runs, or it has a report or pictures.
    pub(super) async fn is_used(&self) -> bool {
        self.is_alive().await || self.trace.token() != 0
    }

    /// Whether its run is not this executor's any more: the server takes no pictures of it.
    pub(super) async fn is_abandoned(&self) -> bool {
        let open = self.open.lock().await;
        let frames = open.as_ref().and_then(|open| open.frames.as_ref());
        frames.is_some_and(Frames::has_ended)
    }

    /// A text without the execution's secrets.
    pub(super) fn redacted(&self, text: String) -> String {
        let redactor = self.redactor().clone();
        redactor.text(text)
    }

    fn redactor(&self) -> std::sync::MutexGuard<'_, Redactor> {
        self.redactor.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The page that is open, if there is one, and its way to the network: none is opened.
    pub(super) async fn current(&self) -> Option<(BrowserPage, Arc<PageProxy>)> {
        let open = self.open.lock().await;
        let open = open.as_ref()?;
        let page = open.context.page().ok();
        let page = page.filter(BrowserPage::is_usable)?;
        Some((page, Arc::clone(&open.proxy)))
    }

    /// The newest picture of its page.
    pub(crate) fn frame(&self) -> Option<Arc<ScreencastFrame>> {
        self.newest
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Closes it: other executions keep theirs.
    pub(crate) async fn close(&self) {
        if let Some(open) = self.open.lock().await.take() {
            open.close().await;
        }
    }
}

impl OpenBrowser {
    async fn new(browsers: &Browsers, options: ContextOptions) -> Result<Self, BrowserError> {
        let browser = browsers.get().await?;
        let directory = &browsers.options.work_directory;
        let downloads = tempfile::Builder::new()
            .prefix("downloads-")
            .tempdir_in(directory);
        let downloads = downloads.map_err(|error| BrowserError::File {
            path: directory.clone(),
            reason: error.to_string(),
        })?;
        let proxy = browsers.proxy().await?;
        let options = ContextOptions {
            proxy: Some(proxy.url()),
            // As playbooks of gateways expect it: these have certificates of their own.
            ignore_tls_errors: true,
            download_directory: Some(downloads.path().to_owned()),
            dialogs: DialogPolicy::Dismiss,
            ..options
        };
        let context = browser.new_context(options).await?;
        Ok(Self {
            browser,
            context: Arc::new(context),
            proxy: Arc::new(proxy),
            downloads,
            covered: Vec::new(),
            answers: (0, 0),
            frames: None,
        })
    }

    async fn close(self) {
        drop(self.frames);
        if let Some(context) = Arc::into_inner(self.context) {
            // It may have gone with its browser.
            let _ = timeout(CLOSE_LIMIT, context.close()).await;
        }
        if let Some(browser) = Arc::into_inner(self.browser) {
            browser.close().await;
        }
        let downloads = self.downloads;
        let _ = spawn_blocking(move || drop(downloads)).await;
    }
}
