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

impl PageCore {
    async fn mouse(&self, event: Value, deadline: &Deadline) -> Result<(), BrowserError> {
        let sent = self
            .session
            .send_within(METHOD, event, deadline.left())
            .await;
        name_timeout(sent, deadline, "the mouse").map(drop)
    }

    /// Turns the wheel at a point.
    pub(super) async fn mouse_wheel(
        &self,
        point: WindowPoint,
        by: WindowPoint,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let event = json!({
            "type": "mouseWheel",
            "x": point.x,
            "y": point.y,
            "deltaX": by.x,
            "deltaY": by.y,
        });
        self.mouse(event, deadline).await
    }

    /// Moves to a point, with a button held or not.
    pub(super) async fn mouse_move(
        &self,
        point: WindowPoint,
        held: Option<ButtonName>,
        keys: HeldKeys,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let event = json!({
            "type": "mouseMoved",
            "x": point.x,
            "y": point.y,
            "button": held.map_or("none", ButtonName::name),
            "buttons": held.map_or(0, ButtonName::bit),
            "modifiers": keys,
        });
        self.mouse(event, deadline).await
    }

    /// Presses a button; `count` is 2 for the second press of a double click.
    pub(super) async fn mouse_down(
        &self,
        point: WindowPoint,
        button: ButtonName,
        count: u32,
        keys: HeldKeys,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let event = json!({
            "type": "mousePressed",
            "x": point.x,
            "y": point.y,
            "button": button.name(),
            "buttons": button.bit(),
            "clickCount": count,
            "modifiers": keys,
        });
        self.mouse(event, deadline).await
    }

    /// Releases a button.
    pub(super) async fn mouse_up(
        &self,
        point: WindowPoint,
        button: ButtonName,
        count: u32,
        keys: HeldKeys,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let event = json!({
            "type": "mouseReleased",
            "x": point.x,
            "y": point.y,
            "button": button.name(),
            "buttons": 0,
            "clickCount": count,
            "modifiers": keys,
        });
        self.mouse(event, deadline).await
    }
}
