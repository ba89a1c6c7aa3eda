//! Click and hover.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{
    aim::WindowPoint,
    last::{ActionName, BegunAction},
    mouse::{HeldKeys, MouseEvent},
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore, is_stale},
};

/// A button of the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ButtonName {
    /// The usual one.
    #[default]
    Left,
    /// The one of the context menu.
    Right,
    /// The wheel.
    Middle,
}

impl ButtonName {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::Right => "right",
            Self::Middle => "middle",
        }
    }

    pub(super) fn bit(self) -> u32 {
        match self {
            Self::Left => 1,
            Self::Right => 2,
            Self::Middle => 4,
        }
    }
}

/// A key that is held during a click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyModifier {
    /// Alt.
    Alt,
    /// Control.
    Control,
    /// The Windows or command key.
    Meta,
    /// Shift.
    Shift,
}

impl KeyModifier {
    pub(super) fn bit(self) -> HeldKeys {
        match self {
            Self::Alt => 1,
            Self::Control => 2,
            Self::Meta => 4,
            Self::Shift => 8,
        }
    }
}

/// A point in CSS pixels: in an element from the top left corner within its border, in a window from its top left
/// corner.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// How to click.
#[derive(Clone, Debug, PartialEq)]
pub struct ClickOptions {
    /// Which button.
    pub button: ButtonName,
    /// How often: 2 is a double click.
    pub count: u32,
    /// The keys that are held.
    pub modifiers: Vec<KeyModifier>,
    /// Where in the element; `None` is its middle.
    pub position: Option<Position>,
    /// Clicks where the element is, without waiting until it is ready.
    pub force: bool,
    /// Waits until the element is ready, and does not click.
    pub trial: bool,
    /// How long to wait until the element is ready.
    pub timeout: Duration,
}

impl Default for ClickOptions {
    fn default() -> Self {
        Self {
            button: ButtonName::Left,
            count: 1,
            modifiers: Vec::new(),
            position: None,
            force: false,
            trial: false,
            timeout: Duration::from_secs(30),
        }
    }
}

/// What a click waits for.
pub(super) const CLICK_CHECKS: [&str; 3] = ["visible", "enabled", "stable"];
/// What a movement of the mouse waits for.
pub(super) const HOVER_CHECKS: [&str; 2] = ["visible", "stable"];

impl BrowserPage {
    /// Clicks an element: waits until it is visible, stable, enabled and receives the events. Where another
    /// element lies at the point once the button is pressed, none gets the click, and it is tried again.
    ///
    /// # Errors
    /// The locator matches several elements, the element does not get ready in time, or the page has ended.
    pub async fn click(
        &self,
        locator: &Locator,
        options: &ClickOptions,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(options.timeout);
        let action = self.core.begin(ActionName::Click, locator, &deadline);
        self.core.click(&action, options).await
    }

    /// Moves the mouse over an element.
    ///
    /// # Errors
    /// As for [`BrowserPage::click`].
    pub async fn hover(
        &self,
        locator: &Locator,
        position: Option<Position>,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let core = &self.core;
        let action = core.begin(ActionName::Hover, locator, &deadline);
        let mut tries = Tries::begun(core, &action);
        loop {
            match core.try_hover(&action, position, tries.count()).await {
                Ok(()) => return Ok(()),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    pub(super) async fn click(
        &self,
        action: &BegunAction<'_>,
        options: &ClickOptions,
    ) -> Result<(), BrowserError> {
        let mut tries = Tries::begun(self, action);
        loop {
            match self.try_click(action, options, tries.count()).await {
                Ok(()) => return Ok(()),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    async fn try_click(
        &self,
        action: &BegunAction<'_>,
        options: &ClickOptions,
        tries: usize,
    ) -> Result<(), Miss> {
        let checks = if options.force {
            &[][..]
        } else {
            &CLICK_CHECKS[..]
        };
        let element = self.ready_for(action, checks).await?;
        let hit = !options.force;
        let aimed = self.aim(action, &element, options.position, tries, hit);
        let point = aimed.await?;
        if options.trial {
            return Ok(());
        }
        if options.force {
            return Ok(self.press_at(point, options, action.deadline).await?);
        }
        let guard = self.guard_click(&element, action.deadline).await?;
        let before = self.navigations();
        let pressed = self.press_all(point, options, action.deadline).await?;
        match guard.end(action.deadline).await {
            Some(failed) => return Err(Miss::NotYet(failed)),
            None if pressed => self.settle(before, action.deadline).await,
            None => {}
        }
        Ok(())
    }

    async fn try_hover(
        &self,
        action: &BegunAction<'_>,
        position: Option<Position>,
        tries: usize,
    ) -> Result<(), Miss> {
        let element = self.ready_for(action, &HOVER_CHECKS).await?;
        let point = self.aim(action, &element, position, tries, true).await?;
        let moved = MouseEvent::moved(point, None);
        self.mouse(moved, action.deadline).await?;
        Ok(())
    }

    /// Moves to the point, presses and releases; a navigation that this begins shows something at the end.
    pub(super) async fn press_at(
        &self,
        point: WindowPoint,
        options: &ClickOptions,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let before = self.navigations();
        if self.press_all(point, options, deadline).await? {
            self.settle(before, deadline).await;
        }
        Ok(())
    }

    /// Moves to the point, presses and releases as often as wanted. Answers whether the page is still there.
    async fn press_all(
        &self,
        point: WindowPoint,
        options: &ClickOptions,
        deadline: &Deadline,
    ) -> Result<bool, BrowserError> {
        let keys = options
            .modifiers
            .iter()
            .fold(0, |keys, key| keys | key.bit());
        let button = options.button;
        for count in 1..=options.count.max(1) {
            let send = |event: MouseEvent| self.mouse(event.with_keys(keys), deadline);
            // All leave at once: a caller that is cancelled in between leaves no button pressed.
            let moved = send(MouseEvent::moved(point, None));
            let down = send(MouseEvent::pressed(point, button, count));
            let up = send(MouseEvent::released(point, button, count));
            match tokio::try_join!(biased; moved, down, up) {
                // The page was left, or closed, by the first half of the click.
                Err(error) if is_stale(&error) => break,
                Err(BrowserError::Closed) => return Ok(false),
                result => result?,
            };
        }
        Ok(true)
    }
}
