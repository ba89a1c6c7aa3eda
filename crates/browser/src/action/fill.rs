//! Fills a field with a text, in place of what is in it.

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
    page::{BrowserPage, PageCore, name_timeout},
};

const CHECKS: [&str; 3] = ["visible", "enabled", "editable"];

#[derive(Deserialize)]
struct Preparation {
    done: Option<String>,
    unfit: Option<String>,
}

impl BrowserPage {
    /// Puts a text into an input, a textarea or an editable element: waits until it is visible, enabled and
    /// editable. Inputs for dates, times, colours and ranges take their value in its HTML form.
    ///
    /// # Errors
    /// The locator matches several elements, the element takes no text or does not get ready in time, or
    /// the page has ended.
    pub async fn fill(
        &self,
        locator: &Locator,
        value: &str,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let action = self.core.begin(ActionName::Fill, locator, &deadline);
        let before = self.core.navigations();
        let mut tries = Tries::begun(&self.core, &action);
        loop {
            match self.core.try_fill(&action, value).await {
                Ok(()) => {
                    // A date that is chosen may lead on.
                    self.core.settle(before, &deadline).await;
                    return Ok(());
                }
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_fill(&self, action: &BegunAction<'_>, value: &str) -> Result<(), Miss> {
        let element = self.ready_for(action, &CHECKS).await?;
        let deadline = action.deadline;
        let arguments = [Value::from(value)];
        let prepared: Preparation = self
            .call_element(&element, "prepareFill", &arguments, deadline)
            .await?;
        if let Some(reason) = prepared.unfit {
            return Err(action.unfit(reason).into());
        }
        if prepared.done.as_deref() != Some("type") {
            return Ok(());
        }
        if value.is_empty() {
            self.press_key("Delete", deadline).await?;
        } else {
            let text = json!({"text": value});
            let method = "Input.insertText";
            let sent = self
                .session
                .send_within(method, text, deadline.left())
                .await;
            name_timeout(sent, deadline, "filling")?;
        }
        Ok(())
    }
}
