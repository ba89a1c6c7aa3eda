//! Our script in a frame: a world of its own, which shares the document with the page and nothing else.

use std::sync::PoisonError;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{PageCore, fault};
use crate::{cdp::CdpSession, deadline::Deadline, error::BrowserError};

/// The page's side, built from `script/src` by `npm run build`.
const SCRIPT: &str = include_str!("../../script/dist/page.js");
/// How the world is called in the browser's developer tools.
const WORLD: &str = "playhouse";
/// Calls a function of the script by its name.
const CALL: &str = "function (name, args) { return this[name](...args); }";

/// The script once for each document: calls share what it remembers.
pub(crate) fn source() -> String {
    format!("globalThis.playhouse ??= (() => {{ {SCRIPT}\nreturn page.open(); }})()")
}

/// A frame, and the session that its commands go to.
#[derive(Clone)]
pub(crate) struct FramePlace {
    pub(crate) session: CdpSession,
    pub(crate) frame: String,
}

/// The script's object in a frame's document.
#[derive(Clone)]
pub(super) struct World {
    object: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CreatedWorld {
    execution_context_id: i64,
}

impl PageCore {
    pub(crate) fn main_frame(&self) -> FramePlace {
        FramePlace {
            session: self.session.clone(),
            frame: self.target.clone(),
        }
    }

    /// Calls a function of the script in a frame. Fails with a stale call when the document goes meanwhile.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        place: &FramePlace,
        function: &'static str,
        arguments: Value,
        deadline: &Deadline,
    ) -> Result<T, BrowserError> {
        let answer = self
            .call_raw(place, function, arguments, true, deadline)
            .await?;
        let value = fault::value_of(answer)?;
        CdpSession::typed("Runtime.callFunctionOn", value)
    }

    /// The same for a function whose result is an object of the page: answers with its id.
    pub(crate) async fn call_for_object(
        &self,
        place: &FramePlace,
        function: &'static str,
        arguments: Value,
        deadline: &Deadline,
    ) -> Result<String, BrowserError> {
        let answer = self
            .call_raw(place, function, arguments, false, deadline)
            .await?;
        match answer["result"]["objectId"].as_str() {
            Some(object) => Ok(String::from(object)),
            None => fault::value_of(answer).map(|_| String::new()),
        }
    }

    /// Lets the page forget an object that only the caller had.
    pub(crate) fn release(place: &FramePlace, object: &str) {
        let release = json!({"objectId": object});
        place.session.post("Runtime.releaseObject", release);
    }

    async fn call_raw(
        &self,
        place: &FramePlace,
        function: &'static str,
        arguments: Value,
        by_value: bool,
        deadline: &Deadline,
    ) -> Result<Value, BrowserError> {
        self.check_open()?;
        let world = self.world(place, deadline).await?;
        let params = json!({
            "objectId": world.object,
            "functionDeclaration": CALL,
            "arguments": [{"value": function}, {"value": arguments}],
            "awaitPromise": true,
            "returnByValue": by_value,
        });
        let method = "Runtime.callFunctionOn";
        let answer = place
            .session
            .send_within(method, params, deadline.left())
            .await;
        if answer.as_ref().is_err_and(fault::is_stale) {
            self.state().worlds.remove(&place.frame);
        }
        fault::name_timeout(answer, deadline, function)
    }

    /// The script's object in the frame's document of now.
    async fn world(&self, place: &FramePlace, deadline: &Deadline) -> Result<World, BrowserError> {
        if let Some(world) = self.state().worlds.get(&place.frame) {
            return Ok(world.clone());
        }
        let create = json!({"frameId": place.frame, "worldName": WORLD});
        let method = "Page.createIsolatedWorld";
        let created = place
            .session
            .send_within(method, create, deadline.left())
            .await;
        let created = fault::name_timeout(created, deadline, "the page's script")?;
        let created: CreatedWorld = CdpSession::typed(method, created)?;
        let evaluate = json!({
            "expression": source(),
            "contextId": created.execution_context_id,
            "silent": true,
        });
        let method = "Runtime.evaluate";
        let answer = place
            .session
            .send_within(method, evaluate, deadline.left())
            .await;
        let answer = fault::name_timeout(answer, deadline, "the page's script")?;
        let Some(object) = answer["result"]["objectId"].as_str() else {
            return fault::value_of(answer).and_then(|_| {
                let message = String::from("the page's script has no result");
                Err(BrowserError::Refused { method, message })
            });
        };
        let world = World {
            object: String::from(object),
        };
        self.state()
            .worlds
            .insert(place.frame.clone(), world.clone());
        Ok(world)
    }

    /// Whether the frame's document of now has the script.
    pub(crate) fn has_script(&self, place: &FramePlace) -> bool {
        self.state().worlds.contains_key(&place.frame)
    }

    /// Calls a function of the script whose result does not matter, if the frame has the script.
    pub(crate) fn post_call(&self, place: &FramePlace, function: &'static str) {
        let Some(world) = self.state().worlds.get(&place.frame).cloned() else {
            return;
        };
        let params = json!({
            "objectId": world.object,
            "functionDeclaration": CALL,
            "arguments": [{"value": function}, {"value": []}],
        });
        place.session.post("Runtime.callFunctionOn", params);
    }

    /// The script for documents to come, which covers the secrets from their start; `None` without any.
    pub(super) fn protection(&self) -> Option<Value> {
        let secrets = self.secrets();
        if secrets.is_empty() {
            return None;
        }
        let secrets = Value::from(secrets);
        let source = format!("({}).protect({secrets})", source());
        Some(json!({"source": source, "worldName": WORLD, "runImmediately": true}))
    }

    /// Has documents to come cover the secrets of now.
    pub(crate) async fn protect_new_documents(
        &self,
        deadline: &Deadline,
    ) -> Result<Value, BrowserError> {
        let before = self.state().protection.take();
        if let Some(before) = before {
            let remove = json!({"identifier": before});
            self.session
                .post("Page.removeScriptToEvaluateOnNewDocument", remove);
        }
        let Some(script) = self.protection() else {
            return Ok(Value::Null);
        };
        let method = "Page.addScriptToEvaluateOnNewDocument";
        let added = self
            .session
            .send_within(method, script.clone(), deadline.left())
            .await?;
        let identifier = added["identifier"].as_str().map(String::from);
        let mut state = self.state();
        state.protection = identifier;
        for session in state.own_sessions() {
            session.post(method, script.clone());
        }
        Ok(added)
    }

    pub(crate) fn secrets(&self) -> Vec<String> {
        self.secrets
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The frame that contains a frame; `None` for the main frame.
    pub(crate) fn parent_place(&self, frame: &str) -> Option<FramePlace> {
        let state = self.state();
        let parent = state.frames.get(frame)?.parent.clone()?;
        Some(FramePlace {
            session: state.session_of(&parent, &self.session),
            frame: parent,
        })
    }

    /// All frames of the page.
    pub(crate) fn frame_places(&self) -> Vec<FramePlace> {
        let state = self.state();
        let frames = state.frames.keys();
        frames
            .map(|frame| FramePlace {
                session: state.session_of(frame, &self.session),
                frame: frame.clone(),
            })
            .collect()
    }
}
