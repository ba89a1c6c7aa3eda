//! The browser of an execution: opened by its first step that needs one, closed with the execution.

use std::{sync::Arc, time::Duration};

use browser::{Browser, BrowserContext, BrowserError, BrowserPage, ContextOptions, DialogPolicy};
use tempfile::TempDir;
use tokio::{sync::Mutex, task::spawn_blocking};

use super::{
    Browsers,
    frames::{Audience, Frames},
};

/// How long the pages may take to cover new secrets.
const COVER_LIMIT: Duration = Duration::from_secs(10);

/// An execution's browser, if it has one.
#[derive(Default)]
pub(crate) struct BrowserSession(Mutex<Option<OpenBrowser>>);

/// A context of its own in the executor's browser.
struct OpenBrowser {
    browser: Arc<Browser>,
    context: Arc<BrowserContext>,
    downloads: TempDir,
    /// So many secrets are covered.
    covered: usize,
    /// None while the run is parked: nobody holds its lease.
    frames: Option<Frames>,
}

/// What a step works with.
pub(crate) struct SessionPage {
    pub(crate) page: BrowserPage,
    pub(crate) context: Arc<BrowserContext>,
}

impl BrowserSession {
    /// The current page. No picture of it shows one of the secrets.
    pub(crate) async fn page(
        &self,
        browsers: &Browsers,
        secrets: Vec<String>,
        audience: Audience,
    ) -> Result<SessionPage, BrowserError> {
        let mut open = self.0.lock().await;
        if let Some(ended) = open.take_if(|open| !open.browser.is_alive()) {
            ended.close().await;
        }
        let open = match &mut *open {
            Some(open) => open,
            none => none.insert(OpenBrowser::new(browsers).await?),
        };
        if secrets.len() > open.covered {
            open.covered = secrets.len();
            open.context.set_secrets(secrets, COVER_LIMIT).await?;
        }
        let page = match open.context.page() {
            Err(BrowserError::NoPage) => open.context.new_page().await?,
            found => found?,
        };
        if open.frames.is_none() {
            open.frames = Some(Frames::show(audience, &open.context));
        }
        Ok(SessionPage {
            page,
            context: Arc::clone(&open.context),
        })
    }

    /// Stops its pictures; false when there is no browser to keep.
    pub(super) async fn rest(&self) -> bool {
        match &mut *self.0.lock().await {
            Some(open) => {
                open.frames = None;
                open.browser.is_alive()
            }
            None => false,
        }
    }

    /// Closes it: other executions keep theirs.
    pub(crate) async fn close(self) {
        if let Some(open) = self.0.into_inner() {
            open.close().await;
        }
    }
}

impl OpenBrowser {
    async fn new(browsers: &Browsers) -> Result<Self, BrowserError> {
        let browser = browsers.get().await?;
        let directory = &browsers.options.work_directory;
        let downloads = tempfile::Builder::new()
            .prefix("downloads-")
            .tempdir_in(directory);
        let downloads = downloads.map_err(|error| BrowserError::File {
            path: directory.clone(),
            reason: error.to_string(),
        })?;
        let options = ContextOptions {
            // As playbooks of gateways expect it: these have certificates of their own.
            ignore_tls_errors: true,
            download_directory: Some(downloads.path().to_owned()),
            dialogs: DialogPolicy::Dismiss,
            ..ContextOptions::default()
        };
        let context = browser.new_context(options).await?;
        Ok(Self {
            browser,
            context: Arc::new(context),
            downloads,
            covered: 0,
            frames: None,
        })
    }

    async fn close(self) {
        drop(self.frames);
        if let Some(context) = Arc::into_inner(self.context) {
            // It may have gone with its browser.
            let _ = context.close().await;
        }
        if let Some(browser) = Arc::into_inner(self.browser) {
            browser.close().await;
        }
        let downloads = self.downloads;
        let _ = spawn_blocking(move || drop(downloads)).await;
    }
}
