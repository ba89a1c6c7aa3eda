//! What an action is about, for viewers who draw it beside the page's frames, and what a point shows.

use std::time::Duration;

use serde_json::json;

use super::{aim::WindowPoint, click::Position};
use crate::{
    deadline::Deadline,
    error::{BrowserError, MatchedElement},
    locator::Locator,
    page::{BrowserPage, ElementArea, FoundElement, PageCore},
};

/// The element that the last action has found, and where it acts on it.
#[derive(Clone, Debug, PartialEq)]
pub struct ActionTarget {
    /// The action's locator.
    pub locator: String,
    /// The element's box in the page's window, when it was found.
    pub area: ElementArea,
    /// Where the mouse acts, once that is known.
    pub point: Option<Position>,
}

impl BrowserPage {
    /// What the last action is about: a viewer draws it over the frames, the page does not show it.
    #[must_use]
    pub fn last_target(&self) -> Option<ActionTarget> {
        self.core.state().target.clone()
    }

    /// The element that a point of the window shows, with a locator that matches it alone; `None` where
    /// there is nothing. What is in a frame is the frame's element.
    ///
    /// # Errors
    /// The page has ended, or does not answer in time.
    pub async fn element_at(
        &self,
        position: Position,
        limit: Duration,
    ) -> Result<Option<MatchedElement>, BrowserError> {
        let deadline = Deadline::after(limit);
        let arguments = json!([{"x": position.x, "y": position.y}]);
        let place = self.core.main_frame();
        let called = self.core.call(&place, "describeAt", arguments, &deadline);
        called.await
    }
}

impl PageCore {
    /// Notes what the action is about.
    pub(super) async fn note_target(
        &self,
        locator: &Locator,
        element: &FoundElement,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let mut area = element.area;
        let origin = self.frame_origin(element, deadline).await?;
        area.x += origin.x;
        area.y += origin.y;
        self.state().target = Some(ActionTarget {
            locator: String::from(locator.as_str()),
            area,
            point: None,
        });
        Ok(())
    }

    /// Notes where the mouse acts.
    pub(super) fn note_point(&self, point: WindowPoint) {
        if let Some(target) = &mut self.state().target {
            target.point = Some(Position {
                x: point.x,
                y: point.y,
            });
        }
    }
}
