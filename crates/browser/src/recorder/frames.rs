//! Which frame a message comes from, and how a locator leads to that frame.

use std::{collections::HashMap, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::hook::PageEvent;
use crate::{
    cdp::CdpSession,
    page::{FramePlace, PageCore},
};

/// How long the frames above may take to answer: a page that is left does not.
const LIMIT: Duration = Duration::from_secs(3);
/// Worlds that are remembered: those of documents that are gone come first.
const MOST_WORLDS: usize = 500;
const SELECTOR: &str = "function () { return globalThis.playhouseRecorder.frameSelector(this); }";

/// The recorder's world in a document.
#[derive(Clone)]
pub(super) struct FrameWorld {
    session: CdpSession,
    id: i64,
    frame: String,
}

/// The frames in which the script runs.
pub(super) struct RecordedFrames {
    /// The newest last.
    worlds: Vec<FrameWorld>,
    /// What leads to a frame, as it was when its document began: after a click it may be gone.
    prefixes: HashMap<String, String>,
}

impl FrameWorld {
    /// The world that the browser tells of.
    pub(super) fn read(session: &CdpSession, params: &Value) -> Option<Self> {
        let context = &params["context"];
        Some(Self {
            session: session.clone(),
            id: context["id"].as_i64()?,
            frame: String::from(context["auxData"]["frameId"].as_str()?),
        })
    }
}

/// Adds a world to those that are known.
pub(super) fn remember(worlds: &mut Vec<FrameWorld>, world: FrameWorld) {
    if worlds.len() == MOST_WORLDS {
        worlds.remove(0);
    }
    worlds.push(world);
}

impl RecordedFrames {
    /// Begins with the worlds of a recording before.
    pub(super) fn new(worlds: Vec<FrameWorld>) -> Self {
        Self {
            worlds,
            prefixes: HashMap::new(),
        }
    }

    /// A document has a world of the recorder.
    pub(super) fn add(&mut self, world: FrameWorld) {
        remember(&mut self.worlds, world);
    }

    /// The frame that a message of the script comes from.
    pub(super) fn frame_of(&self, event: &PageEvent) -> Option<String> {
        let id = event.params["executionContextId"].as_i64()?;
        let mut worlds = self.worlds.iter().rev();
        let world = worlds.find(|world| world.id == id && world.session.is(&event.session))?;
        Some(world.frame.clone())
    }

    /// What stands before a locator of the frame: nothing for the main frame.
    pub(super) async fn prefix(&mut self, core: &Arc<PageCore>, frame: &str) -> Option<String> {
        if frame == core.target {
            return Some(String::new());
        }
        let asked = tokio::time::timeout(LIMIT, self.ask_prefix(core, frame)).await;
        match asked.ok().flatten() {
            Some(prefix) => {
                self.prefixes.insert(String::from(frame), prefix.clone());
                Some(prefix)
            }
            None => self.prefixes.get(frame).cloned(),
        }
    }

    async fn ask_prefix(&self, core: &PageCore, frame: &str) -> Option<String> {
        let mut prefix = String::new();
        let mut at = String::from(frame);
        while at != core.target {
            let above = core.parent_place(&at)?;
            let selector = self.selector(&above, &at).await?;
            prefix = format!("frame={selector} >> {prefix}");
            at = above.frame;
        }
        Some(prefix)
    }

    /// The CSS by which a frame is found in the frame above it.
    async fn selector(&self, above: &FramePlace, frame: &str) -> Option<String> {
        let session = &above.session;
        let mut worlds = self.worlds.iter().rev();
        let world = worlds.find(|world| world.frame == above.frame && world.session.is(session))?;
        let owner = session.send("DOM.getFrameOwner", json!({"frameId": frame}));
        let node: Value = owner.await.ok()?["backendNodeId"].take();
        let resolve = json!({"backendNodeId": node, "executionContextId": world.id});
        let resolved = session.send("DOM.resolveNode", resolve).await.ok()?;
        let object = resolved["object"]["objectId"].as_str()?;
        let call = json!({
            "objectId": object,
            "functionDeclaration": SELECTOR,
            "returnByValue": true,
        });
        let answer = session.send("Runtime.callFunctionOn", call).await;
        session.post("Runtime.releaseObject", json!({"objectId": object}));
        answer.ok()?["result"]["value"].as_str().map(String::from)
    }
}
