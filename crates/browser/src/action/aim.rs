//! Where to point in the window, so that an element gets the event.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{click::Position, last::BegunAction, wait::Miss};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    page::{ElementArea, FoundElement, PageCore},
};

/// A point of the window in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct WindowPoint {
    pub(crate) x: f64,
    pub(crate) y: f64,
}

#[derive(Deserialize)]
struct Aim {
    point: Option<WindowPoint>,
    #[serde(rename = "box")]
    area: Option<ElementArea>,
    failed: Option<String>,
}

impl PageCore {
    /// The point in the window at which the element is, after it was scrolled into view; or what is in the
    /// way. A further try scrolls it elsewhere.
    pub(super) async fn aim(
        &self,
        action: &BegunAction<'_>,
        element: &FoundElement,
        position: Option<Position>,
        tries: usize,
        hit: bool,
    ) -> Result<WindowPoint, Miss> {
        let deadline = action.deadline;
        let position = position.map_or(Value::Null, |at| json!({"x": at.x, "y": at.y}));
        let arguments = [position, Value::from(tries), Value::from(hit)];
        let aim: Aim = self
            .call_element(element, "aim", &arguments, deadline)
            .await?;
        if let Some(failed) = aim.failed {
            return Err(Miss::NotYet(failed));
        }
        let Some(mut point) = aim.point else {
            return Err(Miss::NotYet(String::from("the element has no box")));
        };
        let mut area = aim.area.unwrap_or_default();
        // From the frame to the window, and whether each frame on the way gets the event.
        for frame in element.above.iter().rev() {
            let arguments = json!([frame.id]);
            let origin: WindowPoint = self
                .call(&frame.place, "frameOrigin", arguments, deadline)
                .await?;
            point.x += origin.x;
            point.y += origin.y;
            area.x += origin.x;
            area.y += origin.y;
            if hit {
                let arguments = json!([frame.id, {"x": point.x, "y": point.y}]);
                let blocker: Option<String> = self
                    .call(&frame.place, "frameBlocker", arguments, deadline)
                    .await?;
                if let Some(blocker) = blocker {
                    return Err(Miss::NotYet(blocker));
                }
            }
        }
        self.note_point(action, area, point);
        Ok(point)
    }

    /// Where the window of the element's frame begins in the window of the page.
    pub(crate) async fn frame_origin(
        &self,
        element: &FoundElement,
        deadline: &Deadline,
    ) -> Result<WindowPoint, BrowserError> {
        let mut origin = WindowPoint::default();
        for frame in element.above.iter().rev() {
            let arguments = json!([frame.id]);
            let outer: WindowPoint = self
                .call(&frame.place, "frameOrigin", arguments, deadline)
                .await?;
            origin.x += outer.x;
            origin.y += outer.y;
        }
        Ok(origin)
    }
}
