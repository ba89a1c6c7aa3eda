//! Drags an element, or what is at a point, elsewhere.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    aim::WindowPoint,
    click::{ButtonName, HOVER_CHECKS, Position},
    last::{ActionName, BegunAction},
    mouse::MouseEvent,
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore, name_timeout},
};

/// So long after the first movement the browser has said whether the page drags something.
const BEGIN: Duration = Duration::from_millis(200);

/// Where a drag begins or ends.
#[derive(Clone, Copy, Debug)]
pub struct DragPlace<'a> {
    /// The element.
    pub locator: &'a Locator,
    /// Where in it, from its upper left corner; `None` for its middle.
    pub position: Option<Position>,
}

impl<'a> From<&'a Locator> for DragPlace<'a> {
    fn from(locator: &'a Locator) -> Self {
        Self {
            locator,
            position: None,
        }
    }
}

impl BrowserPage {
    /// Presses the mouse on one element, moves it to another and releases it there. Both have to be visible,
    /// stable and receive the events. Drag and drop of HTML works as well as a page's own.
    ///
    /// # Errors
    /// As for [`BrowserPage::click`].
    pub async fn drag(
        &self,
        from: impl Into<DragPlace<'_>> + Send,
        to: impl Into<DragPlace<'_>> + Send,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let (from, to) = (from.into(), to.into());
        let deadline = Deadline::after(limit);
        let core = &self.core;
        let start = core.aim_at(ActionName::Drag, from, &deadline).await?;
        let held = core.hold_mouse(start, &deadline).await?;
        let end = core.aim_at(ActionName::Drop, to, &deadline).await?;
        held.drop_at(end, &deadline).await
    }

    /// Presses the mouse at one point of the window, moves it to another and releases it there.
    ///
    /// # Errors
    /// As for [`BrowserPage::click_at`].
    pub async fn drag_at(
        &self,
        from: Position,
        to: Position,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let start = self.window_point("dragging", from)?;
        let end = self.window_point("dropping", to)?;
        let held = self.core.hold_mouse(start, &deadline).await?;
        held.drop_at(end, &deadline).await
    }
}

/// The mouse with its button pressed. Dropping it releases the button, so that it does not stay pressed when
/// the drag fails or is cancelled.
struct HeldMouse<'a> {
    page: &'a PageCore,
    start: WindowPoint,
    pressed: bool,
}

impl HeldMouse<'_> {
    async fn drop_at(mut self, end: WindowPoint, deadline: &Deadline) -> Result<(), BrowserError> {
        let page = self.page;
        let before = page.navigations();
        let button = Some(ButtonName::Left);
        let middle = WindowPoint {
            x: f64::midpoint(self.start.x, end.x),
            y: f64::midpoint(self.start.y, end.y),
        };
        page.mouse(MouseEvent::moved(middle, button), deadline)
            .await?;
        page.mouse(MouseEvent::moved(end, button), deadline).await?;
        page.release_button(end, ButtonName::Left, deadline).await?;
        self.pressed = false;
        page.settle(before, deadline).await;
        Ok(())
    }
}

impl Drop for HeldMouse<'_> {
    fn drop(&mut self) {
        if self.pressed {
            let released = MouseEvent::released(self.start, ButtonName::Left, 1);
            self.page.post_mouse(released);
            let intercept = json!({"enabled": false});
            let session = &self.page.session;
            session.post("Input.setInterceptDrags", intercept);
        }
    }
}

impl PageCore {
    async fn hold_mouse(
        &self,
        start: WindowPoint,
        deadline: &Deadline,
    ) -> Result<HeldMouse<'_>, BrowserError> {
        let held = HeldMouse {
            page: self,
            start,
            pressed: true,
        };
        self.press_button(start, ButtonName::Left, deadline).await?;
        Ok(held)
    }

    /// Presses a button where a drag may begin.
    pub(super) async fn press_button(
        &self,
        start: WindowPoint,
        button: ButtonName,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        self.state().drag = None;
        // The browser tells of a drag instead of asking the system to show it.
        let intercept = json!({"enabled": true});
        let method = "Input.setInterceptDrags";
        let sent = self.session.send_within(method, intercept, deadline.left());
        name_timeout(sent.await, deadline, "the mouse")?;
        self.mouse(MouseEvent::moved(start, None), deadline).await?;
        let pressed = MouseEvent::pressed(start, button, 1);
        self.mouse(pressed, deadline).await
    }

    /// Releases a button where the mouse is, and drops there what the page drags.
    pub(super) async fn release_button(
        &self,
        end: WindowPoint,
        button: ButtonName,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        match self.dragged().await? {
            None => {
                let moved = MouseEvent::moved(end, Some(button));
                self.mouse(moved, deadline).await?;
            }
            Some(data) => {
                for kind in ["dragEnter", "dragOver", "drop"] {
                    self.drag_event(kind, end, &data, deadline).await?;
                }
            }
        }
        let released = MouseEvent::released(end, button, 1);
        self.mouse(released, deadline).await?;
        let intercept = json!({"enabled": false});
        self.session.post("Input.setInterceptDrags", intercept);
        Ok(())
    }

    async fn aim_at(
        &self,
        name: ActionName,
        at: DragPlace<'_>,
        deadline: &Deadline,
    ) -> Result<WindowPoint, BrowserError> {
        let action = self.begin(name, at.locator, deadline);
        let mut tries = Tries::begun(self, &action);
        loop {
            match self.try_aim(&action, at.position, tries.count()).await {
                Ok(point) => return Ok(point),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    async fn try_aim(
        &self,
        action: &BegunAction<'_>,
        position: Option<Position>,
        tries: usize,
    ) -> Result<WindowPoint, Miss> {
        let element = self.ready_for(action, &HOVER_CHECKS).await?;
        self.aim(action, &element, position, tries, true).await
    }

    /// What the page drags, if the movements have begun a drag of HTML.
    async fn dragged(&self) -> Result<Option<Value>, BrowserError> {
        let begin = Deadline::after(BEGIN);
        match begin.wait(self.wait(|state| state.drag.take())).await {
            Some(data) => data.map(Some),
            None => Ok(None),
        }
    }

    async fn drag_event(
        &self,
        kind: &str,
        point: WindowPoint,
        data: &Value,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let event = json!({"type": kind, "x": point.x, "y": point.y, "data": data});
        let method = "Input.dispatchDragEvent";
        let session = &self.session;
        session
            .send_within(method, event, deadline.left())
            .await
            .map(drop)
    }
}
