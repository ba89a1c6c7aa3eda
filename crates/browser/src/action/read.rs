//! What is read of elements, and the waits for their states.

use std::time::Duration;

use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::wait::{Miss, Tries};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, Search, is_stale},
};

/// What an element is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ElementStates {
    /// It has a box that is not empty, and no style hides it.
    pub visible: bool,
    /// Neither it nor what it is in is disabled.
    pub enabled: bool,
    /// It is enabled and takes text.
    pub editable: bool,
    /// It is checked.
    pub checked: bool,
}

/// What an element is waited for to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitState {
    /// It is in the page.
    Attached,
    /// It is not in the page.
    Detached,
    /// It is in the page and visible.
    Visible,
    /// It is not in the page, or not visible.
    Hidden,
    /// It is enabled.
    Enabled,
    /// It is disabled.
    Disabled,
    /// It is enabled and takes text.
    Editable,
    /// It is checked.
    Checked,
    /// It is not checked.
    Unchecked,
}

impl WaitState {
    /// Whether it holds; `None` stands for an element that is not there.
    fn holds(self, states: Option<ElementStates>) -> bool {
        match (self, states) {
            (Self::Detached | Self::Hidden, None) | (Self::Attached, Some(_)) => true,
            (Self::Detached, Some(_)) | (_, None) => false,
            (Self::Visible, Some(states)) => states.visible,
            (Self::Hidden, Some(states)) => !states.visible,
            (Self::Enabled, Some(states)) => states.enabled,
            (Self::Disabled, Some(states)) => !states.enabled,
            (Self::Editable, Some(states)) => states.editable,
            (Self::Checked, Some(states)) => states.checked,
            (Self::Unchecked, Some(states)) => !states.checked,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Attached => "attached",
            Self::Detached => "detached",
            Self::Visible => "visible",
            Self::Hidden => "hidden",
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
            Self::Editable => "editable",
            Self::Checked => "checked",
            Self::Unchecked => "unchecked",
        }
    }
}

impl BrowserPage {
    /// Waits until an element is in a state.
    ///
    /// # Errors
    /// The locator matches several elements, the time limit passes, or the page has ended.
    pub async fn wait_for(
        &self,
        locator: &Locator,
        state: WaitState,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let what = format!("waiting until `{locator}` is {}", state.name());
        let mut tries = Tries::new(&self.core, what, &deadline);
        loop {
            let miss = match self.look(locator, &deadline).await {
                Ok((states, _)) if state.holds(states) => return Ok(()),
                Ok((_, seen)) => Miss::NotYet(seen),
                Err(error) => Miss::Failed(error),
            };
            tries.again(miss).await?;
        }
    }

    /// The states of the element as they are now; `None` when nothing matches.
    ///
    /// # Errors
    /// The locator matches several elements, or the page has ended or does not answer.
    pub async fn states(
        &self,
        locator: &Locator,
        limit: Duration,
    ) -> Result<Option<ElementStates>, BrowserError> {
        let deadline = Deadline::after(limit);
        loop {
            match self.look(locator, &deadline).await {
                Ok((states, _)) => return Ok(states),
                Err(error) if is_stale(&error) && !deadline.has_passed() => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn look(
        &self,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<(Option<ElementStates>, String), BrowserError> {
        match self.core.find(locator, &[], false, deadline).await? {
            Search::Nothing { reason } => Ok((None, reason)),
            Search::Found(element) => {
                let core = &self.core;
                let states: ElementStates =
                    core.call_element(&element, "states", &[], deadline).await?;
                let markup: String = core.call_element(&element, "markup", &[], deadline).await?;
                Ok((Some(states), format!("{markup} is {}", describe(states))))
            }
        }
    }

    /// How many elements match now, in the frame that the locator leads to.
    ///
    /// # Errors
    /// The page has ended or does not answer.
    pub async fn count(&self, locator: &Locator, limit: Duration) -> Result<usize, BrowserError> {
        let deadline = Deadline::after(limit);
        loop {
            match self.try_all(locator, "count", &[], &deadline).await {
                Ok(count) => return Ok(count.unwrap_or_default()),
                Err(error) if is_stale(&error) && !deadline.has_passed() => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The value of an attribute of every element that matches now; `None` for those without it.
    ///
    /// # Errors
    /// The page has ended or does not answer.
    pub async fn all_attributes(
        &self,
        locator: &Locator,
        attribute: &str,
        limit: Duration,
    ) -> Result<Vec<Option<String>>, BrowserError> {
        let deadline = Deadline::after(limit);
        let more = [Value::from(attribute)];
        loop {
            match self.try_all(locator, "all", &more, &deadline).await {
                Ok(values) => return Ok(values.unwrap_or_default()),
                Err(error) if is_stale(&error) && !deadline.has_passed() => {}
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_all<T: DeserializeOwned>(
        &self,
        locator: &Locator,
        function: &'static str,
        more: &[Value],
        deadline: &Deadline,
    ) -> Result<Option<T>, BrowserError> {
        match self.core.find_frame(locator, deadline).await? {
            Search::Nothing { .. } => Ok(None),
            Search::Found((place, _)) => {
                let mut arguments = vec![locator.parts()];
                arguments.extend_from_slice(more);
                let arguments = Value::from(arguments);
                self.core
                    .call(&place, function, arguments, deadline)
                    .await
                    .map(Some)
            }
        }
    }

    /// The text that an element shows, or the value of a field, without the space around it.
    ///
    /// # Errors
    /// The locator matches several elements, none comes within the time limit, or the page has ended.
    pub async fn text(&self, locator: &Locator, limit: Duration) -> Result<String, BrowserError> {
        self.read("reading the text of", locator, "text", &[], limit)
            .await
    }

    /// The value of an input, a textarea or a list.
    ///
    /// # Errors
    /// As for [`BrowserPage::text`], and when the element has no value.
    pub async fn input_value(
        &self,
        locator: &Locator,
        limit: Duration,
    ) -> Result<String, BrowserError> {
        let what = "reading the value of";
        let read: Value = self.read(what, locator, "value", &[], limit).await?;
        match read["unfit"].as_str() {
            Some(reason) => Err(BrowserError::Unfit {
                what: format!("{what} `{locator}`"),
                reason: String::from(reason),
            }),
            None => Ok(String::from(read["value"].as_str().unwrap_or_default())),
        }
    }

    /// The value of an attribute, if the element has it.
    ///
    /// # Errors
    /// As for [`BrowserPage::text`].
    pub async fn attribute(
        &self,
        locator: &Locator,
        name: &str,
        limit: Duration,
    ) -> Result<Option<String>, BrowserError> {
        let what = "reading an attribute of";
        let more = [json!(name)];
        self.read(what, locator, "attribute", &more, limit).await
    }

    /// The HTML within an element.
    ///
    /// # Errors
    /// As for [`BrowserPage::text`].
    pub async fn inner_html(
        &self,
        locator: &Locator,
        limit: Duration,
    ) -> Result<String, BrowserError> {
        self.read("reading", locator, "innerHtml", &[], limit).await
    }

    async fn read<T: DeserializeOwned>(
        &self,
        what: &str,
        locator: &Locator,
        function: &'static str,
        more: &[Value],
        limit: Duration,
    ) -> Result<T, BrowserError> {
        let deadline = Deadline::after(limit);
        let mut tries = Tries::of(&self.core, what, locator, &deadline);
        loop {
            let read = self.try_read(locator, function, more, &deadline);
            match read.await {
                Ok(value) => return Ok(value),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    pub(super) async fn try_read<T: DeserializeOwned>(
        &self,
        locator: &Locator,
        function: &'static str,
        more: &[Value],
        deadline: &Deadline,
    ) -> Result<T, Miss> {
        let element = self.core.ready(locator, &[], deadline).await?;
        let called = self.core.call_element(&element, function, more, deadline);
        Ok(called.await?)
    }
}

fn describe(states: ElementStates) -> String {
    let word = |holds: bool, yes: &'static str, no: &'static str| if holds { yes } else { no };
    [
        word(states.visible, "visible", "not visible"),
        word(states.enabled, "enabled", "disabled"),
        word(states.editable, "editable", "not editable"),
        word(states.checked, "checked", "not checked"),
    ]
    .join(", ")
}
