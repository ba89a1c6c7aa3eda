//! Click and hover.

use std::time::Duration;

use super::{
    aim::WindowPoint,
    mouse::HeldKeys,
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

/// A point in an element, from the top left corner within its border, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
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
    /// Clicks an element: waits until it is visible, stable, enabled and receives the events.
    ///
    /// # Errors
    /// The locator matches several elements, the element does not get ready in time, or the page has ended.
    pub async fn click(
        &self,
        locator: &Locator,
        options: &ClickOptions,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(options.timeout);
        self.core.click(locator, options, &deadline).await
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
        let mut tries = Tries::of(core, "hovering over", locator, &deadline);
        loop {
            let tried = core
                .try_hover(locator, position, tries.count(), &deadline)
                .await;
            match tried {
                Ok(()) => return Ok(()),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    /// Clicks a point of the window, whatever is there.
    ///
    /// # Errors
    /// The page has ended, or does not answer in time.
    pub async fn click_at(
        &self,
        position: Position,
        options: &ClickOptions,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(options.timeout);
        let point = WindowPoint {
            x: position.x,
            y: position.y,
        };
        self.core.check_open()?;
        self.core.press_at(point, options, &deadline).await
    }

    /// Turns the wheel at a point of the window, by so many pixels to the right and down.
    ///
    /// # Errors
    /// The page has ended, or does not answer in time.
    pub async fn scroll_at(
        &self,
        position: Position,
        by: Position,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let point = |at: Position| WindowPoint { x: at.x, y: at.y };
        self.core.check_open()?;
        let scrolled = self.core.mouse_wheel(point(position), point(by), &deadline);
        scrolled.await
    }
}

impl PageCore {
    pub(super) async fn click(
        &self,
        locator: &Locator,
        options: &ClickOptions,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let mut tries = Tries::of(self, "clicking", locator, deadline);
        loop {
            let tried = self.try_click(locator, options, tries.count(), deadline);
            match tried.await {
                Ok(()) => return Ok(()),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    async fn try_click(
        &self,
        locator: &Locator,
        options: &ClickOptions,
        tries: usize,
        deadline: &Deadline,
    ) -> Result<(), Miss> {
        let checks = if options.force {
            &[][..]
        } else {
            &CLICK_CHECKS[..]
        };
        let element = self.ready(locator, checks, deadline).await?;
        let hit = !options.force;
        let aimed = self.aim(&element, options.position, tries, hit, deadline);
        let point = aimed.await?;
        if !options.trial {
            self.press_at(point, options, deadline).await?;
        }
        Ok(())
    }

    async fn try_hover(
        &self,
        locator: &Locator,
        position: Option<Position>,
        tries: usize,
        deadline: &Deadline,
    ) -> Result<(), Miss> {
        let element = self.ready(locator, &HOVER_CHECKS, deadline).await?;
        let point = self.aim(&element, position, tries, true, deadline).await?;
        self.mouse_move(point, None, 0, deadline).await?;
        Ok(())
    }

    /// Moves to the point, presses and releases; a navigation that this begins shows something at the end.
    async fn press_at(
        &self,
        point: WindowPoint,
        options: &ClickOptions,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let keys = options
            .modifiers
            .iter()
            .fold(0, |keys, key| keys | key.bit());
        let button = options.button;
        let before = self.navigations();
        for count in 1..=options.count.max(1) {
            // All leave at once: a caller that is cancelled in between leaves no button pressed.
            let moved = self.mouse_move(point, None, keys, deadline);
            let down = self.mouse_down(point, button, count, keys, deadline);
            let up = self.mouse_up(point, button, count, keys, deadline);
            match tokio::try_join!(biased; moved, down, up) {
                // The page was left, or closed, by the first half of the click.
                Err(error) if is_stale(&error) => break,
                Err(BrowserError::Closed) => return Ok(()),
                result => result?,
            };
        }
        self.settle(before, deadline).await;
        Ok(())
    }
}
