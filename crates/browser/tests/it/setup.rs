//! A browser for one test, with a site and a directory of its own, of which nothing is left.

use std::{fs, path::Path, time::Duration};

use browser::{
    Browser, BrowserContext, BrowserPage, ContextOptions, LaunchOptions, LoadState, Locator,
    Viewport,
};
use serde_json::Value;
use tempfile::TempDir;

use crate::site::Site;

/// Longer than anything takes that comes.
pub(crate) const LONG: Duration = Duration::from_secs(20);
/// For what does not come: still long enough for a try on a busy machine.
pub(crate) const SHORT: Duration = Duration::from_millis(1200);

pub(crate) struct TestBrowser {
    pub(crate) browser: Browser,
    pub(crate) context: BrowserContext,
    pub(crate) page: BrowserPage,
    pub(crate) site: Site,
    pub(crate) directory: TempDir,
}

pub(crate) fn locator(text: &str) -> Locator {
    text.parse().unwrap()
}

pub(crate) async fn launch(directory: &Path) -> Browser {
    Browser::launch(&LaunchOptions::new(directory))
        .await
        .unwrap()
}

impl TestBrowser {
    /// One page in one context, with downloads allowed.
    pub(crate) async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let downloads = directory.path().join("downloads");
        fs::create_dir(&downloads).unwrap();
        let options = ContextOptions {
            download_directory: Some(downloads),
            ..options()
        };
        Self::with(directory, options).await
    }

    pub(crate) async fn with(directory: TempDir, options: ContextOptions) -> Self {
        let site = Site::start().await;
        let browser = launch(directory.path()).await;
        let context = browser.new_context(options).await.unwrap();
        let page = context.new_page().await.unwrap();
        Self {
            browser,
            context,
            page,
            site,
            directory,
        }
    }

    /// The same, on a page of the site.
    pub(crate) async fn on(path: &str) -> Self {
        let test = Self::start().await;
        test.visit(path).await;
        test
    }

    pub(crate) async fn visit(&self, path: &str) {
        let url = self.site.url(path);
        self.page
            .navigate(&url, LoadState::Load, LONG)
            .await
            .unwrap();
    }

    /// What an expression of the page's own world is.
    pub(crate) async fn value(&self, expression: &str) -> Value {
        self.page.evaluate(expression, LONG).await.unwrap()
    }

    pub(crate) async fn click(&self, text: &str) {
        let options = browser::ClickOptions {
            timeout: LONG,
            ..Default::default()
        };
        self.page.click(&locator(text), &options).await.unwrap();
    }

    pub(crate) async fn text(&self, text: &str) -> String {
        self.page.text(&locator(text), LONG).await.unwrap()
    }

    /// Ends the browser and sees that nothing is left of it.
    pub(crate) async fn finish(self) {
        let profile = self.browser.profile().unwrap().to_path_buf();
        let socket = fs::read_link(profile.join("SingletonSocket"));
        self.browser.close().await;
        assert_gone(&profile);
        if let Ok(socket) = socket {
            assert!(!socket.exists(), "{} is left", socket.display());
        }
    }
}

pub(crate) fn options() -> ContextOptions {
    ContextOptions {
        viewport: Viewport {
            width: 1280,
            height: 900,
        },
        ..Default::default()
    }
}

/// No process names the profile, and it is not there.
pub(crate) fn assert_gone(profile: &Path) {
    assert_eq!(processes(profile), Vec::<String>::new());
    assert!(!profile.exists(), "{} is left", profile.display());
}

/// The processes that were started with a profile.
pub(crate) fn processes(profile: &Path) -> Vec<String> {
    let name = profile.display().to_string();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| {
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line).replace('\0', " ");
            line.contains(&name).then_some(line)
        })
        .collect()
}
