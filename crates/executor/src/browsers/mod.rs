//! The executor's Chromium: one process for all executions that need one, started by the first of them and ended
//! by the last. Each execution has a session of its own in it, which waits here while its run is parked.

mod frames;
mod session;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, Weak},
    time::Duration,
};

use browser::{Browser, BrowserError, Chromium, LaunchOptions};
use tokio::{sync::Mutex, time::Instant};

pub(crate) use frames::Audience;
pub(crate) use session::{BrowserSession, SessionPage};

/// Which Chromium this machine has, and whether its sandbox can be used; or why it has none and what to do.
///
/// # Errors
/// It is not installed, or does not run.
pub async fn chromium_readiness() -> Result<String, String> {
    let found = Chromium::inspect(None).await;
    let found = found.map_err(|error| error.to_string())?;
    let program = found.program.display();
    Ok(format!(
        "{} at {program}, sandbox {}",
        found.version, found.sandbox
    ))
}

/// How long a session waits for its run to go on. The run may have ended, or gone on elsewhere.
const KEPT: Duration = Duration::from_secs(30 * 60);

/// The browser, if it runs, and the sessions of parked runs.
pub(crate) struct Browsers {
    options: LaunchOptions,
    running: Mutex<Weak<Browser>>,
    kept: std::sync::Mutex<HashMap<String, (Instant, BrowserSession)>>,
}

impl Browsers {
    /// Starts nothing yet. Without a program the usual names are looked for; profiles and downloads are in the
    /// directory.
    pub(crate) fn new(program: Option<PathBuf>, directory: &Path) -> Self {
        let mut options = LaunchOptions::new(directory);
        options.program = program;
        Self {
            options,
            running: Mutex::default(),
            kept: std::sync::Mutex::default(),
        }
    }

    /// The browser that runs, or a new one.
    async fn get(&self) -> Result<Arc<Browser>, BrowserError> {
        let mut running = self.running.lock().await;
        let alive = running.upgrade().filter(|browser| browser.is_alive());
        if let Some(browser) = alive {
            return Ok(browser);
        }
        let browser = Arc::new(Browser::launch(&self.options).await?);
        tracing::info!(version = browser.version(), "a browser runs");
        *running = Arc::downgrade(&browser);
        Ok(browser)
    }

    /// The session that the run left when it was parked; a new one otherwise.
    pub(crate) fn take(&self, run: &str) -> BrowserSession {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = kept.remove(run);
        taken.map(|(_, session)| session).unwrap_or_default()
    }

    /// Keeps a parked run's session, and closes those that waited for too long.
    pub(crate) async fn keep(&self, run: &str, session: BrowserSession) {
        if session.rest().await {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.insert(run.to_owned(), (Instant::now(), session));
        }
        let old: Vec<BrowserSession> = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let old = kept.extract_if(|_, (since, _)| since.elapsed() >= KEPT);
            old.map(|(_, (_, session))| session).collect()
        };
        for session in old {
            session.close().await;
        }
    }
}
