//! Drags an element to another one.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    aim::WindowPoint,
    click::{ButtonName, HOVER_CHECKS},
    last::{ActionName, BegunAction},
    mouse::MouseEvent,
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore},
};

/// So long after the first movement the browser has said whether the page drags something.
const BEGIN: Duration = Duration::from_millis(200);

impl BrowserPage {
    /// Presses the mouse on one element, moves it to another and releases it there. Both have to be visible,
    /// stable and receive the events. Drag and drop of HTML works as well as a page's own.
    ///
    /// # Errors
    /// As for [`BrowserPage::click`].
    pub async fn drag(
        &self,
        from: &Locator,
        to: &Locator,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let core = &self.core;
        let start = core.aim_at(ActionName::Drag, from, &deadline).await?;
        let session = &core.session;
        // The browser tells of a drag instead of asking the system to show it.
        let intercept = json!({"enabled": true});
        session.send("Input.setInterceptDrags", intercept).await?;
        core.state().drag = None;
        core.mouse(MouseEvent::moved(start, None), &deadline)
            .await?;
        core.mouse(MouseEvent::pressed(start, ButtonName::Left, 1), &deadline)
            .await?;
        let dropped = self.drop_on(start, to, &deadline).await;
        session.post("Input.setInterceptDrags", json!({"enabled": false}));
        if dropped.is_err() {
            // The button does not stay pressed.
            let _ = core
                .mouse(MouseEvent::released(start, ButtonName::Left, 1), &deadline)
                .await;
        }
        dropped
    }

    async fn drop_on(
        &self,
        start: WindowPoint,
        to: &Locator,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let core = &self.core;
        let held = Some(ButtonName::Left);
        let end = core.aim_at(ActionName::Drop, to, deadline).await?;
        let middle = WindowPoint {
            x: f64::midpoint(start.x, end.x),
            y: f64::midpoint(start.y, end.y),
        };
        core.mouse(MouseEvent::moved(middle, held), deadline)
            .await?;
        core.mouse(MouseEvent::moved(end, held), deadline).await?;
        match core.dragged().await? {
            None => {
                core.mouse(MouseEvent::moved(end, held), deadline).await?;
            }
            Some(data) => {
                for kind in ["dragEnter", "dragOver", "drop"] {
                    core.drag_event(kind, end, &data, deadline).await?;
                }
            }
        }
        core.mouse(MouseEvent::released(end, ButtonName::Left, 1), deadline)
            .await
    }
}

impl PageCore {
    async fn aim_at(
        &self,
        name: ActionName,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<WindowPoint, BrowserError> {
        let action = self.begin(name, locator, deadline);
        let mut tries = Tries::begun(self, &action);
        loop {
            match self.try_aim(&action, tries.count()).await {
                Ok(point) => return Ok(point),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    async fn try_aim(&self, action: &BegunAction<'_>, tries: usize) -> Result<WindowPoint, Miss> {
        let element = self.ready_for(action, &HOVER_CHECKS).await?;
        self.aim(action, &element, None, tries, true).await
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
