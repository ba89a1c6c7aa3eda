//! From a locator to the element: through the frames on the way, and strict.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{PageCore, world::FramePlace};
use crate::{
    deadline::Deadline,
    error::{Ambiguity, BrowserError, MatchedElement},
    locator::Locator,
};

/// A frame's element on the way to an element, in the frame that contains it.
#[derive(Clone)]
pub(crate) struct FrameElement {
    pub(crate) place: FramePlace,
    pub(crate) id: u64,
}

/// An element that a locator matches alone.
#[derive(Clone)]
pub(crate) struct FoundElement {
    /// The frame that it is in.
    pub(crate) place: FramePlace,
    /// Its number in the frame's script.
    pub(crate) id: u64,
    /// The frames' elements above it, outermost first.
    pub(crate) above: Vec<FrameElement>,
    /// Which of the checks does not hold.
    pub(crate) failed: Option<String>,
    /// Its box in the window of its frame.
    pub(crate) area: ElementArea,
}

/// A rectangle of a window in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize, Serialize)]
pub struct ElementArea {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// From left to right.
    pub width: f64,
    /// From top to bottom.
    pub height: f64,
}

#[derive(Deserialize)]
struct FindResult {
    count: usize,
    id: Option<u64>,
    matches: Vec<MatchedElement>,
    #[serde(default)]
    failed: Option<String>,
    #[serde(rename = "box")]
    area: Option<ElementArea>,
}

/// What a step of the search has led to.
pub(crate) enum Search<T> {
    Found(T),
    /// Nothing matches yet.
    Nothing {
        /// In words.
        reason: String,
    },
}

impl PageCore {
    /// Looks once for the frame in which the locator's element is.
    pub(crate) async fn find_frame(
        &self,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<Search<(FramePlace, Vec<FrameElement>)>, BrowserError> {
        let mut place = self.main_frame();
        let mut above = Vec::new();
        for chain in locator.frames() {
            let found: FindResult = self.call(&place, "find", json!([chain]), deadline).await?;
            let Some(id) = unique(found, locator)? else {
                let reason = String::from("no element matches the frame's selector");
                return Ok(Search::Nothing { reason });
            };
            let Some(inner) = self.content_frame(&place, id, deadline).await? else {
                let what = format!("the locator `{locator}`");
                let markup: String = self.call(&place, "markup", json!([id]), deadline).await?;
                let reason = format!("{markup} is no frame");
                return Err(BrowserError::Unfit { what, reason });
            };
            above.push(FrameElement { place, id });
            let session = self.state().session_of(&inner, &self.session);
            place = FramePlace {
                session,
                frame: inner,
            };
        }
        Ok(Search::Found((place, above)))
    }

    /// Looks once for the element, and sees whether these checks hold of it; scrolls to it if they do and that
    /// is wanted.
    pub(crate) async fn find(
        &self,
        locator: &Locator,
        checks: &[&str],
        scroll: bool,
        deadline: &Deadline,
    ) -> Result<Search<FoundElement>, BrowserError> {
        let (place, above) = match self.find_frame(locator, deadline).await? {
            Search::Found(found) => found,
            Search::Nothing { reason } => return Ok(Search::Nothing { reason }),
        };
        let arguments = json!([locator.parts(), checks, scroll]);
        let mut found: FindResult = self.call(&place, "ready", arguments, deadline).await?;
        let failed = found.failed.take();
        let area = found.area.unwrap_or_default();
        for matched in &mut found.matches {
            matched.locator = locator.beside(&matched.locator);
        }
        let Some(id) = unique(found, locator)? else {
            let reason = String::from("no element matches");
            return Ok(Search::Nothing { reason });
        };
        Ok(Search::Found(FoundElement {
            place,
            id,
            above,
            failed,
            area,
        }))
    }

    /// The frame that an element shows.
    async fn content_frame(
        &self,
        place: &FramePlace,
        id: u64,
        deadline: &Deadline,
    ) -> Result<Option<String>, BrowserError> {
        let object = self
            .call_for_object(place, "element", json!([id]), deadline)
            .await?;
        let describe = json!({"objectId": object});
        let method = "DOM.describeNode";
        let described = place
            .session
            .send_within(method, describe, deadline.left())
            .await?;
        Self::release(place, &object);
        let frame = described["node"]["frameId"].as_str();
        Ok(frame.map(String::from))
    }

    /// Calls a function of the script for an element that was found.
    pub(crate) async fn call_element<T: serde::de::DeserializeOwned>(
        &self,
        element: &FoundElement,
        function: &'static str,
        more: &[Value],
        deadline: &Deadline,
    ) -> Result<T, BrowserError> {
        let mut arguments = vec![Value::from(element.id)];
        arguments.extend_from_slice(more);
        self.call(&element.place, function, Value::from(arguments), deadline)
            .await
    }
}

/// The number of the one element; `None` without any.
fn unique(found: FindResult, locator: &Locator) -> Result<Option<u64>, BrowserError> {
    if found.count > 1 {
        return Err(BrowserError::NotUnique(Arc::new(Ambiguity {
            locator: String::from(locator.as_str()),
            count: found.count,
            matches: found.matches,
        })));
    }
    Ok(found.id)
}
