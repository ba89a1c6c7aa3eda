//! The executor's Chromium: one process for all executions that need one, started by the first of them and ended
//! by the last. Each execution has a session of its own in it, which waits here while its run is parked.

mod frames;
mod printing;
mod proxy;
mod session;
mod steering;
mod trace;
mod visit;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use browser::{Browser, BrowserError, Chromium, LaunchOptions};
use tokio::time::{Instant, sleep};

use crate::addresses::AddressFilter;

pub(crate) use frames::Audience;
use proxy::PageProxy;
pub(crate) use session::{BrowserSession, SessionPage};
pub(crate) use trace::TracedStep;
pub(crate) use visit::{NotVisited, visit};

/// Which Chromium this machine has, and whether its sandbox can be used; or why it has none and what to do. Without
/// a program the usual names are looked for.
///
/// # Errors
/// It is not installed, or does not run.
pub async fn chromium_readiness(program: Option<&Path>) -> Result<String, String> {
    let found = Chromium::inspect(program).await;
    let found = found.map_err(|error| error.to_string())?;
    let program = found.program.display();
    Ok(format!(
        "{} at {program}, sandbox {}",
        found.version, found.sandbox
    ))
}

/// How often to look at most whether a parked run is still this executor's.
const LOOK_PERIOD: Duration = Duration::from_secs(5);

/// What keeps pages from going around the proxy of their session: no UDP but through it, and no name that the browser
/// resolves by itself. (The first is called either way, by the version.)
const AROUND_NO_PROXY: [&str; 3] = [
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
];

/// The browser, if it runs, and the sessions of parked runs.
pub(crate) struct Browsers {
    options: LaunchOptions,
    addresses: AddressFilter,
    /// How long a session waits for its run to go on. The run may have ended, or gone on elsewhere.
    keep: Duration,
    running: tokio::sync::Mutex<Weak<Browser>>,
    kept: Arc<KeptSessions>,
}

/// The sessions of parked runs, by run.
#[derive(Default)]
struct KeptSessions(Mutex<HashMap<String, KeptSession>>);

struct KeptSession {
    /// The lease under which the run was parked. Under the next one nobody else had the run.
    token: i64,
    session: Arc<BrowserSession>,
}

impl Browsers {
    /// Starts nothing yet. Without a program the usual names are looked for; profiles and downloads are in the
    /// directory.
    pub(crate) fn new(
        program: Option<PathBuf>,
        directory: &Path,
        addresses: AddressFilter,
        keep: Duration,
    ) -> Self {
        let mut options = LaunchOptions::new(directory);
        options.program = program;
        options.arguments.extend(AROUND_NO_PROXY.map(String::from));
        Self {
            options,
            addresses,
            keep,
            running: tokio::sync::Mutex::default(),
            kept: Arc::default(),
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

    /// A way of pages to the network.
    async fn proxy(&self) -> Result<PageProxy, BrowserError> {
        let proxy = PageProxy::open(self.addresses.clone()).await;
        proxy.map_err(|error| BrowserError::Unfit {
            what: "the way of pages to the network".to_owned(),
            reason: error.to_string(),
        })
    }

    /// The session that the run left when it was parked under the lease before this one; a new one otherwise.
    pub(crate) fn take(&self, run: &str, token: i64) -> Arc<BrowserSession> {
        let kept = self.kept.lock().remove(run);
        match kept {
            Some(kept) if kept.token + 1 == token => kept.session,
            Some(old) => {
                tokio::spawn(async move { old.session.close().await });
                Arc::default()
            }
            None => Arc::default(),
        }
    }

    /// The session of a parked run, for a person who works in it.
    fn parked(&self, run: &str) -> Option<Arc<BrowserSession>> {
        let kept = self.kept.lock();
        kept.get(run).map(|kept| Arc::clone(&kept.session))
    }

    /// Keeps a session for a while. It is called before the run is parked: from then on the run may go on at any time.
    pub(crate) async fn keep(&self, run: &str, token: i64, session: Arc<BrowserSession>) {
        if !session.is_used().await {
            return;
        }
        let kept = KeptSession { token, session };
        let watched = Arc::clone(&kept.session);
        let before = self.kept.lock().insert(run.to_owned(), kept);
        let (all, run, keep) = (Arc::clone(&self.kept), run.to_owned(), self.keep);
        tokio::spawn(async move {
            if let Some(before) = before
                && !Arc::ptr_eq(&before.session, &watched)
            {
                before.session.close().await;
            }
            drop(watched);
            all.watch(&run, token, keep).await;
        });
    }

    /// The run was not parked: its session goes on.
    pub(crate) fn release(&self, run: &str) {
        self.kept.lock().remove(run);
    }
}

impl KeptSessions {
    /// Closes what is kept under a lease when its time is over, or its run is another executor's.
    async fn watch(&self, run: &str, token: i64, keep: Duration) {
        let end = Instant::now() + keep;
        loop {
            sleep(LOOK_PERIOD.min(keep)).await;
            let Some(session) = self.session(run, token) else {
                return;
            };
            if Instant::now() >= end || session.is_abandoned().await {
                if self.remove(run, token) {
                    session.close().await;
                }
                return;
            }
        }
    }

    /// What is kept of a run since it was parked under a lease.
    fn session(&self, run: &str, token: i64) -> Option<Arc<BrowserSession>> {
        let all = self.lock();
        let kept = all.get(run).filter(|kept| kept.token == token)?;
        Some(Arc::clone(&kept.session))
    }

    /// Removes it; false when the run has gone on with it.
    fn remove(&self, run: &str, token: i64) -> bool {
        let mut all = self.lock();
        let is_there = all.get(run).is_some_and(|kept| kept.token == token);
        is_there && all.remove(run).is_some()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, KeptSession>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
