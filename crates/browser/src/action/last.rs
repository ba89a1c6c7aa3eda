//! What a page was last asked to do, for viewers who draw it beside the page's frames.

use std::fmt;

use serde::Serialize;
use tokio::{sync::watch, time::Instant};

use super::{aim::WindowPoint, click::Position, wait::Miss};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, ElementArea, FoundElement, PageCore},
};

/// What an action does to its element.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ActionName {
    /// Clicks it.
    Click,
    /// Moves the mouse over it.
    Hover,
    /// Puts a text in place of what is in it.
    Fill,
    /// Presses a key in it.
    Press,
    /// Types a text into it.
    Type,
    /// Makes it checked.
    Check,
    /// Makes it unchecked.
    Uncheck,
    /// Selects options of it.
    Select,
    /// Gives it files.
    Upload,
    /// Presses the mouse on it, to move it elsewhere.
    Drag,
    /// Releases on it what is dragged.
    Drop,
}

/// The last action for which the page had an element that was ready.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LastAction {
    /// Which action of the page it is, from 1 on. An action that finds no element takes a number as well.
    pub number: u64,
    /// What it does. What it fills in or types is not told.
    pub name: ActionName,
    /// The locator of its element as the caller has written it.
    pub selector: String,
    /// The element's box in the window of the page when it was found, in CSS pixels.
    pub area: ElementArea,
    /// Where the mouse acts, in CSS pixels of the window; `None` until that is known, and without a mouse.
    pub point: Option<Position>,
}

/// An action that has begun, and has a number.
#[derive(Clone, Copy)]
pub(super) struct BegunAction<'a> {
    pub(super) name: ActionName,
    number: u64,
    pub(super) locator: &'a Locator,
    pub(super) deadline: &'a Deadline,
}

impl ActionName {
    /// Its name, such as `click`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Hover => "hover",
            Self::Fill => "fill",
            Self::Press => "press",
            Self::Type => "type",
            Self::Check => "check",
            Self::Uncheck => "uncheck",
            Self::Select => "select",
            Self::Upload => "upload",
            Self::Drag => "drag",
            Self::Drop => "drop",
        }
    }

    /// What a message calls it, before the locator.
    pub(super) fn doing(self) -> &'static str {
        match self {
            Self::Click => "clicking",
            Self::Hover => "hovering over",
            Self::Fill => "filling",
            Self::Press => "pressing a key in",
            Self::Type => "typing into",
            Self::Check => "checking",
            Self::Uncheck => "unchecking",
            Self::Select => "selecting in",
            Self::Upload => "uploading to",
            Self::Drag => "dragging",
            Self::Drop => "dropping on",
        }
    }
}

impl fmt::Display for ActionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl BegunAction<'_> {
    /// The error of one whose element does not fit it.
    pub(super) fn unfit(&self, reason: impl Into<String>) -> BrowserError {
        BrowserError::Unfit {
            what: format!("{} `{}`", self.name.doing(), self.locator),
            reason: reason.into(),
        }
    }
}

impl BrowserPage {
    /// What it was last asked to do, and where: a viewer draws it over the frames, the page does not show it.
    /// What is only read or waited for is no action, and input at a point of the window is none.
    #[must_use]
    pub fn last_action(&self) -> Option<LastAction> {
        self.core.last_action.borrow().clone()
    }

    /// The last action and the changes of it; each viewer takes a copy. One that is slow misses some. It does
    /// not end with the page.
    #[must_use]
    pub fn last_actions(&self) -> watch::Receiver<Option<LastAction>> {
        self.core.last_action.subscribe()
    }
}

impl PageCore {
    /// Gives an action its number.
    pub(super) fn begin<'a>(
        &self,
        name: ActionName,
        locator: &'a Locator,
        deadline: &'a Deadline,
    ) -> BegunAction<'a> {
        let mut state = self.state();
        state.actions += 1;
        state.acted_at = Some(Instant::now());
        BegunAction {
            name,
            number: state.actions,
            locator,
            deadline,
        }
    }

    /// Looks once for the action's element, of which these checks have to hold, and notes it.
    pub(super) async fn ready_for(
        &self,
        action: &BegunAction<'_>,
        checks: &[&str],
    ) -> Result<FoundElement, Miss> {
        let element = self
            .look_once(action.locator, checks, true, action.deadline)
            .await?;
        let mut area = element.area;
        let origin = self.frame_origin(&element, action.deadline).await?;
        area.x += origin.x;
        area.y += origin.y;
        self.last_action.send_replace(Some(LastAction {
            number: action.number,
            name: action.name,
            selector: String::from(action.locator.as_str()),
            area,
            point: None,
        }));
        Ok(element)
    }

    /// Notes where the mouse acts. The element may have been scrolled since it was found.
    pub(super) fn note_point(
        &self,
        action: &BegunAction<'_>,
        area: ElementArea,
        point: WindowPoint,
    ) {
        self.last_action.send_if_modified(|last| {
            let own = last.as_mut().filter(|last| last.number == action.number);
            own.map(|last| {
                last.area = area;
                last.point = Some(Position {
                    x: point.x,
                    y: point.y,
                });
            })
            .is_some()
        });
    }
}
