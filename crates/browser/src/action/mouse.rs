//! Trusted events of a mouse.

use serde_json::{Value, json};

use super::{aim::WindowPoint, click::ButtonName};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    page::{PageCore, name_timeout},
};

const METHOD: &str = "Input.dispatchMouseEvent";

/// Which keys are held, as the protocol counts them.
pub(super) type HeldKeys = u8;

/// One event at a point of the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct MouseEvent {
    kind: &'static str,
    point: WindowPoint,
    /// The button that it is about.
    button: Option<ButtonName>,
    /// The button that is pressed after it.
    held: Option<ButtonName>,
    /// Which press of a series it is: 2 for the second one of a double click.
    count: u32,
    keys: HeldKeys,
    /// How far the wheel is turned, in CSS pixels.
    wheel: Option<WindowPoint>,
}

impl MouseEvent {
    fn new(kind: &'static str, point: WindowPoint, held: Option<ButtonName>) -> Self {
        Self {
            kind,
            point,
            button: held,
            held,
            count: 0,
            keys: 0,
            wheel: None,
        }
    }

    /// Moves to the point, with a button held or not.
    pub(super) fn moved(point: WindowPoint, held: Option<ButtonName>) -> Self {
        Self::new("mouseMoved", point, held)
    }

    /// Presses a button.
    pub(super) fn pressed(point: WindowPoint, button: ButtonName, count: u32) -> Self {
        Self {
            count,
            ..Self::new("mousePressed", point, Some(button))
        }
    }

    /// Releases a button.
    pub(super) fn released(point: WindowPoint, button: ButtonName, count: u32) -> Self {
        Self {
            kind: "mouseReleased",
            held: None,
            ..Self::pressed(point, button, count)
        }
    }

    /// Turns the wheel.
    pub(super) fn turned(point: WindowPoint, by: WindowPoint) -> Self {
        Self {
            wheel: Some(by),
            ..Self::new("mouseWheel", point, None)
        }
    }

    /// The same while keys are held.
    pub(super) fn with_keys(self, keys: HeldKeys) -> Self {
        Self { keys, ..self }
    }

    fn to_json(self) -> Value {
        let mut event = json!({
            "type": self.kind,
            "x": self.point.x,
            "y": self.point.y,
            "button": self.button.map_or("none", ButtonName::name),
            "buttons": self.held.map_or(0, ButtonName::bit),
            "clickCount": self.count,
            "modifiers": self.keys,
        });
        if let Some(by) = self.wheel {
            event["deltaX"] = Value::from(by.x);
            event["deltaY"] = Value::from(by.y);
        }
        event
    }
}

impl PageCore {
    pub(super) async fn mouse(
        &self,
        event: MouseEvent,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let sent = self
            .session
            .send_within(METHOD, event.to_json(), deadline.left())
            .await;
        name_timeout(sent, deadline, "the mouse").map(drop)
    }

    /// The same for an event whose outcome does not matter.
    pub(super) fn post_mouse(&self, event: MouseEvent) {
        self.session.post(METHOD, event.to_json());
    }
}
