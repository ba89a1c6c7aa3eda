//! The events of a page and of its frames: each changes what is known of the page.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use serde::Deserialize;
use serde_json::json;

use super::{FramePlace, PageCore, is_stale, network, records::DialogRecord};
use crate::{
    browser::AttachedTarget,
    cdp::{CdpEvent, CdpEvents, CdpSession},
    context::{ContextState, DialogPolicy},
    deadline::Deadline,
    error::BrowserError,
};

/// How long a document may take to cover secrets.
const PROTECT_LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Navigated {
    frame: NavigatedFrame,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NavigatedFrame {
    id: String,
    parent_id: Option<String>,
    loader_id: String,
    url: String,
    #[serde(default)]
    security_origin: String,
}

#[derive(Deserialize)]
struct Dialog {
    #[serde(rename = "type")]
    kind: String,
    message: String,
    #[serde(rename = "defaultPrompt", default)]
    default_prompt: String,
}

impl PageCore {
    /// Takes the events of the page's session until it ends.
    pub(crate) async fn follow(
        self: Arc<Self>,
        mut events: CdpEvents,
        context: Weak<ContextState>,
    ) {
        let session = self.session.clone();
        while let Some(event) = events.recv().await {
            self.take(&session, event, &context);
        }
        let ended = match session.gone_now() {
            Some(how) => BrowserError::Gone { how },
            None => BrowserError::Closed,
        };
        self.update(|state| state.end(ended));
        if let Some(context) = context.upgrade() {
            context.remove(&self.target);
        }
    }

    /// Takes the events of a frame that has a process of its own.
    async fn follow_frame(
        self: Arc<Self>,
        session: CdpSession,
        mut events: CdpEvents,
        context: Weak<ContextState>,
    ) {
        while let Some(event) = events.recv().await {
            self.take(&session, event, &context);
        }
    }

    fn take(self: &Arc<Self>, session: &CdpSession, event: CdpEvent, context: &Weak<ContextState>) {
        if let Some(context) = context.upgrade() {
            context.recording.observe(self, session, &event);
        }
        match event.method.as_str() {
            "Target.attachedToTarget" => self.attached(session, event, context),
            "Inspector.targetCrashed" => self.crashed(session),
            "Page.javascriptDialogOpening" => self.dialog(session, event),
            "Page.screencastFrame" => self.take_frame(session, event),
            "Fetch.requestPaused" if self.state().answer_empty => {
                network::answer_empty(session, &event);
            }
            "Input.dragIntercepted" => {
                let mut params = event.params;
                self.update(|state| state.drag = Some(params["data"].take()));
            }
            "Runtime.consoleAPICalled" => self.console(session, &event),
            "Runtime.exceptionThrown" => self.exception(session, &event),
            "Log.entryAdded" => self.log_entry(&event),
            method if method.starts_with("Network.") => self.take_network(event),
            method if method.starts_with("Page.") => self.take_frames(event, context),
            _ => {}
        }
    }

    fn crashed(&self, session: &CdpSession) {
        // The crash of a frame's own process leaves the page.
        if session.is(&self.session) {
            self.update(|state| state.end(BrowserError::Crashed));
        }
    }

    /// A frame with a process of its own, or a worker.
    fn attached(
        self: &Arc<Self>,
        session: &CdpSession,
        event: CdpEvent,
        context: &Weak<ContextState>,
    ) {
        let Some(attached) = event.read::<AttachedTarget>() else {
            return;
        };
        let Some((own, events)) = session.attached(&attached.session_id) else {
            return;
        };
        if attached.target_info.kind != "iframe" {
            own.post("Runtime.runIfWaitingForDebugger", json!({}));
            session.post(
                "Target.detachFromTarget",
                json!({"sessionId": attached.session_id}),
            );
            return;
        }
        let frame = attached.target_info.target_id;
        self.update(|state| {
            state.worlds.remove(&frame);
            state.frames.entry(frame).or_default().session = Some(own.clone());
        });
        let attach = json!({"autoAttach": true, "waitForDebuggerOnStart": true, "flatten": true});
        own.post("Page.enable", json!({}));
        own.post("Runtime.enable", json!({}));
        own.post("Network.enable", json!({}));
        let tls = json!({"ignore": self.options.ignore_tls_errors});
        own.post("Security.setIgnoreCertificateErrors", tls);
        own.post("Target.setAutoAttach", attach);
        if let Some(script) = self.protection() {
            own.post("Page.addScriptToEvaluateOnNewDocument", script);
        }
        if let Some(context) = context.upgrade() {
            context.recording.install(&own);
        }
        own.post("Runtime.runIfWaitingForDebugger", json!({}));
        tokio::spawn(Arc::clone(self).follow_frame(own, events, Weak::clone(context)));
    }

    fn take_frames(self: &Arc<Self>, event: CdpEvent, context: &Weak<ContextState>) {
        let frame = String::from(event.text("frameId"));
        let is_main = frame == self.target;
        match event.method.as_str() {
            "Page.frameAttached" => {
                let parent = Some(String::from(event.text("parentFrameId")));
                self.update(|state| state.frames.entry(frame).or_default().parent = parent);
            }
            // A frame that gets a process of its own is not gone.
            "Page.frameDetached" if event.text("reason") != "swap" => {
                self.update(|state| state.remove_frame(&frame));
            }
            "Page.frameNavigated" => {
                if let Some(navigated) = event.read::<Navigated>() {
                    let place = navigated.frame.id.clone();
                    self.navigated(navigated.frame, context);
                    self.protect_again(place);
                }
            }
            "Page.navigatedWithinDocument" if is_main => {
                let url = String::from(event.text("url"));
                self.update(|state| {
                    state.url = url;
                    state.load.starting = false;
                    state.load.shown += 1;
                });
            }
            "Page.frameRequestedNavigation"
                if is_main && event.text("disposition") == "currentTab" =>
            {
                self.update(|state| state.load.begun += 1);
            }
            "Page.frameStartedNavigating"
                if is_main && !event.text("navigationType").contains("ameDocument") =>
            {
                self.update(|state| {
                    state.load.begun += 1;
                    state.load.starting = true;
                });
            }
            "Page.frameStoppedLoading" if is_main => {
                self.update(|state| state.load.starting = false);
            }
            "Page.lifecycleEvent" if is_main => {
                let (name, loader) = (event.text("name"), event.text("loaderId"));
                self.update(|state| {
                    if state.load.loader.is_empty() {
                        state.load.commit(loader);
                    } else if name == "init" {
                        state.load.begin(loader);
                    }
                    if state.load.loader == loader {
                        state.load.passed.insert(String::from(name));
                    }
                });
            }
            _ => {}
        }
    }

    /// A window that a script opens may keep its script's world for the next document, and then the script for
    /// new documents does not run in that.
    fn protect_again(self: &Arc<Self>, frame: String) {
        if self.secrets().is_empty() {
            return;
        }
        self.state().uncovered += 1;
        let core = Arc::clone(self);
        tokio::spawn(async move {
            let session = core.state().session_of(&frame, &core.session);
            let place = FramePlace { session, frame };
            let deadline = Deadline::after(PROTECT_LIMIT);
            // The world of the document before may still be the one that is known.
            let covered = loop {
                let _covering = core.covering.lock().await;
                let secrets = json!([core.secrets()]);
                let called = core.call::<f64>(&place, "protect", secrets, &deadline);
                match called.await {
                    Ok(since_ms) => break Some(since_ms),
                    Err(error) if is_stale(&error) && !deadline.has_passed() => {
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                    // A document that is gone shows nothing.
                    Err(_) => break None,
                }
            };
            core.covered(covered);
        });
    }

    fn navigated(&self, frame: NavigatedFrame, context: &Weak<ContextState>) {
        if frame.security_origin.starts_with("http")
            && let Some(context) = context.upgrade()
        {
            context.note_origin(frame.security_origin);
        }
        self.update(|state| {
            state.worlds.remove(&frame.id);
            if frame.id == self.target {
                state.url = frame.url;
                state.load.commit(&frame.loader_id);
            } else {
                state.frames.entry(frame.id).or_default().parent = frame.parent_id;
            }
        });
    }

    fn dialog(&self, session: &CdpSession, event: CdpEvent) {
        let Some(dialog) = event.read::<Dialog>() else {
            return;
        };
        let policy = self.update(|state| {
            // A page that asks whether it may be left may be left: a caller has asked for it.
            let policy = match dialog.kind.as_str() {
                "beforeunload" => DialogPolicy::Accept { text: None },
                _ => state.dialogs.clone(),
            };
            state.records.add_dialog(DialogRecord {
                kind: dialog.kind,
                message: dialog.message,
                accepted: policy != DialogPolicy::Dismiss,
            });
            policy
        });
        let answer = match policy {
            DialogPolicy::Dismiss => json!({"accept": false}),
            DialogPolicy::Accept { text } => {
                json!({"accept": true, "promptText": text.unwrap_or(dialog.default_prompt)})
            }
        };
        session.post("Page.handleJavaScriptDialog", answer);
    }
}
