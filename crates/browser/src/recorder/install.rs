//! Puts the recorder's script into documents: those of now and those to come.

use serde_json::json;

use crate::{cdp::CdpSession, page::PageCore};

/// The page's side, built from `script/src/recorder` by `npm run build`.
const SCRIPT: &str = include_str!("../../script/dist/recorder.js");
/// The world that the script has for itself.
pub(super) const WORLD: &str = "playhouse-recorder";
/// The function by which the script reports. It exists in that world only.
pub(super) const BINDING: &str = "playhouseRecord";

/// The script once for each world; each document of the world is watched.
fn source() -> String {
    format!(
        "(globalThis.playhouseRecorder ??= (() => {{ {SCRIPT}\nreturn recorder.open(); }})()).watch()"
    )
}

/// Into the documents of a page that is open.
pub(super) fn into_page(core: &PageCore) {
    let mut done: Vec<CdpSession> = Vec::new();
    for place in core.frame_places() {
        if !done.iter().any(|session| session.is(&place.session)) {
            into_session(&place.session);
            done.push(place.session);
        }
    }
}

/// Into the documents of a session, now and later.
pub(super) fn into_session(session: &CdpSession) {
    let binding = json!({"name": BINDING, "executionContextName": WORLD});
    session.post("Runtime.addBinding", binding);
    let script = json!({"source": source(), "worldName": WORLD, "runImmediately": true});
    session.post("Page.addScriptToEvaluateOnNewDocument", script);
}

/// Into a document that may have taken over the world of the one before: a window that a script opens does
/// that, and `document.open()` removes all listeners. Then the script for new documents does not run.
pub(super) fn into_document(session: CdpSession, frame: String) {
    tokio::spawn(async move {
        let world = json!({"frameId": frame, "worldName": WORLD});
        let created = session.send("Page.createIsolatedWorld", world).await;
        // A document that is gone is not watched.
        let Ok(created) = created else {
            return;
        };
        let evaluate = json!({
            "expression": source(),
            "contextId": created["executionContextId"],
            "silent": true,
        });
        session.post("Runtime.evaluate", evaluate);
    });
}
