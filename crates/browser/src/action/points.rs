//! Input at points of the window, without locators: for a person who takes a page over. Keys go to the element
//! that has the focus, see [`BrowserPage::press`] and [`BrowserPage::type_text`].

use std::time::Duration;

use serde_json::json;

use super::{
    aim::WindowPoint,
    click::{ButtonName, ClickOptions, Position},
    mouse::MouseEvent,
};
use crate::{
    deadline::Deadline,
    error::{BrowserError, MatchedElement},
    page::BrowserPage,
};

impl BrowserPage {
    /// Clicks a point of the window, whatever is there. `position`, `force` and `trial` of the options do not
    /// count.
    ///
    /// # Errors
    /// The point is outside of the window, the page has ended, or it does not answer in time.
    pub async fn click_at(
        &self,
        position: Position,
        options: &ClickOptions,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(options.timeout);
        let point = self.window_point("clicking", position)?;
        self.core.press_at(point, options, &deadline).await
    }

    /// Moves the mouse to a point of the window, with a button held since [`BrowserPage::press_at`] or not.
    ///
    /// # Errors
    /// As for [`BrowserPage::click_at`].
    pub async fn move_to(
        &self,
        position: Position,
        held: Option<ButtonName>,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let point = self.window_point("moving the mouse", position)?;
        let moved = MouseEvent::moved(point, held);
        self.core.mouse(moved, &deadline).await
    }

    /// Presses a button of the mouse at a point of the window, and holds it.
    ///
    /// # Errors
    /// As for [`BrowserPage::click_at`].
    pub async fn press_at(
        &self,
        position: Position,
        button: ButtonName,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let point = self.window_point("pressing the mouse", position)?;
        self.core.press_button(point, button, &deadline).await
    }

    /// Releases a button at a point of the window, where the mouse was moved to. What the page drags is dropped.
    ///
    /// # Errors
    /// As for [`BrowserPage::click_at`].
    pub async fn release_at(
        &self,
        position: Position,
        button: ButtonName,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let point = self.window_point("releasing the mouse", position)?;
        let before = self.core.navigations();
        self.core.release_button(point, button, &deadline).await?;
        self.core.settle(before, &deadline).await;
        Ok(())
    }

    /// Turns the wheel at a point of the window, by so many CSS pixels to the right and down.
    ///
    /// # Errors
    /// As for [`BrowserPage::click_at`].
    pub async fn scroll_at(
        &self,
        position: Position,
        by: Position,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let what = "turning the wheel";
        let point = self.window_point(what, position)?;
        if !(by.x.is_finite() && by.y.is_finite()) {
            return Err(BrowserError::Unfit {
                what: String::from(what),
                reason: format!("it cannot be turned by {}, {}", by.x, by.y),
            });
        }
        let turned = MouseEvent::turned(point, WindowPoint { x: by.x, y: by.y });
        self.core.mouse(turned, &deadline).await
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

    /// The point, if it is one of the window.
    pub(super) fn window_point(
        &self,
        what: &str,
        at: Position,
    ) -> Result<WindowPoint, BrowserError> {
        self.core.check_open()?;
        let window = self.core.viewport();
        let (width, height) = (f64::from(window.width), f64::from(window.height));
        if (0.0..width).contains(&at.x) && (0.0..height).contains(&at.y) {
            return Ok(WindowPoint { x: at.x, y: at.y });
        }
        Err(BrowserError::Unfit {
            what: format!("{what} at {}, {}", at.x, at.y),
            reason: format!("the window of the page has {width} x {height} CSS pixels"),
        })
    }
}
