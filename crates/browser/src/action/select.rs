//! Selects options of a list.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    last::{ActionName, BegunAction},
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore},
};

const CHECKS: [&str; 2] = ["visible", "enabled"];

/// Which option of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OptionChoice {
    /// The one with this value.
    Value(String),
    /// The one that shows this text.
    Label(String),
    /// By its place, from 0 on.
    Index(usize),
    /// The one with this value, or that shows this text.
    ValueOrLabel(String),
}

#[derive(Deserialize)]
struct Selection {
    selected: Option<Vec<String>>,
    wait: Option<String>,
    unfit: Option<String>,
}

impl OptionChoice {
    fn to_json(&self) -> Value {
        match self {
            Self::Value(value) => json!({"value": value}),
            Self::Label(label) => json!({"label": label}),
            Self::Index(index) => json!({"index": index}),
            Self::ValueOrLabel(text) => json!({"value": text, "label": text}),
        }
    }
}

impl BrowserPage {
    /// Selects these options of a `<select>` element, and no others: waits until it is visible and enabled and
    /// has them. Answers with the values that are selected.
    ///
    /// The list of options is drawn by the system, not by the page, and no input reaches it: the events
    /// `input` and `change` are the only ones of this crate that are not trusted.
    ///
    /// # Errors
    /// The locator matches several elements, it is no list, it does not get ready in time, or the page
    /// has ended.
    pub async fn select(
        &self,
        locator: &Locator,
        choices: &[OptionChoice],
        limit: Duration,
    ) -> Result<Vec<String>, BrowserError> {
        let deadline = Deadline::after(limit);
        let choices: Vec<Value> = choices.iter().map(OptionChoice::to_json).collect();
        let choices = Value::from(choices);
        let action = self.core.begin(ActionName::Select, locator, &deadline);
        let before = self.core.navigations();
        let mut tries = Tries::begun(&self.core, &action);
        loop {
            match self.core.try_select(&action, &choices).await {
                Ok(selected) => {
                    // Many a list leads on when something is selected.
                    self.core.settle(before, &deadline).await;
                    return Ok(selected);
                }
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_select(
        &self,
        action: &BegunAction<'_>,
        choices: &Value,
    ) -> Result<Vec<String>, Miss> {
        let element = self.ready_for(action, &CHECKS).await?;
        let deadline = action.deadline;
        let arguments = std::slice::from_ref(choices);
        let selection: Selection = self
            .call_element(&element, "select", arguments, deadline)
            .await?;
        if let Some(reason) = selection.unfit {
            return Err(action.unfit(reason).into());
        }
        selection
            .selected
            .ok_or_else(|| Miss::NotYet(selection.wait.unwrap_or_default()))
    }
}
