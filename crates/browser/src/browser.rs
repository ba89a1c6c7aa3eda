//! One Chromium process, and the contexts in it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;

use crate::{
    cdp::{self, CdpEvent, CdpEvents, CdpSession},
    context::{BrowserContext, ContextOptions, ContextState},
    error::BrowserError,
    launch::{ChromiumProcess, KILLED, LaunchOptions},
};

/// The contexts by their ids. A context that was dropped is no longer in use.
type Contexts = Arc<Mutex<HashMap<String, Weak<ContextState>>>>;

/// A running Chromium. Dropping it kills all its processes and removes its profile; [`Browser::close`]
/// does the same without blocking the thread.
pub struct Browser {
    process: Option<ChromiumProcess>,
    session: CdpSession,
    contexts: Contexts,
    version: String,
}

/// How often a start is tried that a signal ends.
const LAUNCHES: usize = 3;

/// What the browser tells of a page, a frame or a worker.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TargetInfo {
    pub(crate) target_id: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) url: String,
    pub(crate) opener_id: Option<String>,
    pub(crate) browser_context_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttachedTarget {
    pub(crate) session_id: String,
    pub(crate) target_info: TargetInfo,
}

#[derive(Deserialize)]
struct ProductVersion {
    product: String,
}

impl Browser {
    /// Starts a Chromium with a new profile. One that a signal ends while it starts is started again: Chromium
    /// crashes there now and then on a busy machine.
    ///
    /// # Errors
    /// Chromium is not installed, does not start, or does not answer in time.
    pub async fn launch(options: &LaunchOptions) -> Result<Self, BrowserError> {
        for _ in 1..LAUNCHES {
            match Self::launch_once(options).await {
                Err(BrowserError::Launch { reason, .. }) if reason.contains(KILLED) => {}
                launched => return launched,
            }
        }
        Self::launch_once(options).await
    }

    async fn launch_once(options: &LaunchOptions) -> Result<Self, BrowserError> {
        let (process, output, input) = ChromiumProcess::start(options)?;
        let (session, events) = cdp::connect(output, input, process.ended());
        let contexts = Contexts::default();
        tokio::spawn(follow(session.clone(), events, Arc::clone(&contexts)));
        let mut browser = Self {
            process: Some(process),
            session,
            contexts,
            version: String::new(),
        };
        match browser.prepare(options.timeout).await {
            Ok(version) => browser.version = version,
            Err(error) => return Err(browser.failed_launch(options, error).await),
        }
        Ok(browser)
    }

    async fn prepare(&self, limit: Duration) -> Result<String, BrowserError> {
        let method = "Browser.getVersion";
        let version = self.session.send_within(method, json!({}), limit).await?;
        let attach = json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true});
        self.session
            .send_within("Target.setAutoAttach", attach, limit)
            .await?;
        let version: ProductVersion = CdpSession::typed(method, version)?;
        Ok(version.product)
    }

    async fn failed_launch(mut self, options: &LaunchOptions, error: BrowserError) -> BrowserError {
        let mut reason = error.to_string();
        if let Some(process) = self.process.take() {
            let printed = process.printed();
            process.end().await;
            if !printed.is_empty() {
                reason = format!("{reason}; it printed:\n{printed}");
            }
        }
        BrowserError::Launch {
            program: options.program.clone().unwrap_or_else(|| "chromium".into()),
            reason,
        }
    }

    /// What it calls itself, such as `Chrome/156.0.8078.114`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The id of its main process, which leads the group of all its processes.
    #[must_use]
    pub fn process_id(&self) -> Option<i32> {
        self.process.as_ref().map(ChromiumProcess::id)
    }

    /// Its directory, which goes with it.
    #[must_use]
    pub fn profile(&self) -> Option<&std::path::Path> {
        self.process.as_ref().and_then(ChromiumProcess::profile)
    }

    /// Resolves when it has ended by itself or by the system, with how.
    pub async fn ended(&self) -> String {
        self.session.gone().await
    }

    /// True while it can be used.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.session.gone_now().is_none()
    }

    /// A new context, which shares nothing with the others.
    ///
    /// # Errors
    /// The browser has ended, or refuses an option.
    pub async fn new_context(
        &self,
        options: ContextOptions,
    ) -> Result<BrowserContext, BrowserError> {
        let mut create = json!({"disposeOnDetach": true});
        if let Some(proxy) = &options.proxy {
            create["proxyServer"] = json!(proxy);
            // Without it, Chromium goes to this machine directly.
            create["proxyBypassList"] = json!("<-loopback>");
        }
        let method = "Target.createBrowserContext";
        let created = self.session.send(method, create).await?;
        let id = created["browserContextId"].as_str().unwrap_or_default();
        let context = BrowserContext::new(id, self.session.clone(), options);
        let state = Arc::downgrade(context.state());
        self.contexts
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(String::from(id), state);
        context.prepare().await?;
        Ok(context)
    }

    /// Ends it with all its processes, and removes its profile.
    pub async fn close(mut self) {
        if let Some(process) = self.process.take() {
            process.end().await;
        }
    }
}

/// Gives each new page to its context, and the news of downloads to theirs.
async fn follow(session: CdpSession, mut events: CdpEvents, contexts: Contexts) {
    while let Some(event) = events.recv().await {
        match event.method.as_str() {
            "Target.attachedToTarget" => attach(&session, event, &contexts),
            "Browser.downloadWillBegin" | "Browser.downloadProgress" => {
                for context in living(&contexts) {
                    context.take_download(&event);
                }
            }
            _ => {}
        }
    }
}

fn living(contexts: &Contexts) -> Vec<Arc<ContextState>> {
    let mut contexts = contexts.lock().unwrap_or_else(PoisonError::into_inner);
    contexts.retain(|_, context| context.strong_count() > 0);
    contexts.values().filter_map(Weak::upgrade).collect()
}

fn attach(session: &CdpSession, event: CdpEvent, contexts: &Contexts) {
    let Some(attached) = event.read::<AttachedTarget>() else {
        return;
    };
    let Some((page, events)) = session.attached(&attached.session_id) else {
        return;
    };
    let id = attached.target_info.browser_context_id.as_deref();
    let context = id.and_then(|id| {
        let contexts = contexts.lock().unwrap_or_else(PoisonError::into_inner);
        contexts.get(id).and_then(Weak::upgrade)
    });
    match context {
        Some(context) if attached.target_info.kind == "page" => {
            context.attach(page, events, attached.target_info);
        }
        // A worker, or a page of the browser's own: it goes on without us.
        _ => {
            page.post("Runtime.runIfWaitingForDebugger", json!({}));
            let detach = json!({"sessionId": attached.session_id});
            session.post("Target.detachFromTarget", detach);
        }
    }
}
