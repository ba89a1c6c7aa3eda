//! Checks and unchecks boxes and radio buttons.

use std::time::Duration;

use super::{
    click::ClickOptions,
    last::{ActionName, BegunAction},
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore},
};

impl BrowserPage {
    /// Makes a checkbox, radio button or switch checked or unchecked: does nothing if it is, else clicks it as
    /// [`BrowserPage::click`] does.
    ///
    /// # Errors
    /// As for [`BrowserPage::click`], and when it is no such element, or the click does not change it.
    pub async fn set_checked(
        &self,
        locator: &Locator,
        checked: bool,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        let name = match checked {
            true => ActionName::Check,
            false => ActionName::Uncheck,
        };
        let action = self.core.begin(name, locator, &deadline);
        if self.is_checked(&action).await? == checked {
            return Ok(());
        }
        let options = ClickOptions::default();
        self.core.click(&action, &options).await?;
        if self.is_checked(&action).await? == checked {
            return Ok(());
        }
        Err(action.unfit("the click did not change whether it is checked"))
    }

    async fn is_checked(&self, action: &BegunAction<'_>) -> Result<bool, BrowserError> {
        let mut tries = Tries::begun(&self.core, action);
        loop {
            match self.core.try_checked(action).await {
                Ok(checked) => return Ok(checked),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_checked(&self, action: &BegunAction<'_>) -> Result<bool, Miss> {
        let deadline = action.deadline;
        let element = self.ready(action.locator, &[], deadline).await?;
        let state: Option<String> = self
            .call_element(&element, "checked", &[], deadline)
            .await?;
        let state =
            state.ok_or_else(|| action.unfit("it is no checkbox, radio button or switch"))?;
        Ok(state == "true")
    }
}
