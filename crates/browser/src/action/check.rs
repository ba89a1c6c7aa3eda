//! Checks and unchecks boxes and radio buttons.

use std::time::Duration;

use super::{
    click::ClickOptions,
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
        let what = if checked { "checking" } else { "unchecking" };
        if self.is_checked(what, locator, &deadline).await? == checked {
            return Ok(());
        }
        let options = ClickOptions::default();
        self.core.click(locator, &options, &deadline).await?;
        if self.is_checked(what, locator, &deadline).await? == checked {
            return Ok(());
        }
        Err(BrowserError::Unfit {
            what: format!("{what} `{locator}`"),
            reason: String::from("the click did not change whether it is checked"),
        })
    }

    async fn is_checked(
        &self,
        what: &str,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<bool, BrowserError> {
        let mut tries = Tries::of(&self.core, what, locator, deadline);
        loop {
            match self.core.try_checked(what, locator, deadline).await {
                Ok(checked) => return Ok(checked),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_checked(
        &self,
        what: &str,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<bool, Miss> {
        let element = self.ready(locator, &[], deadline).await?;
        let state: Option<String> = self
            .call_element(&element, "checked", &[], deadline)
            .await?;
        let state = state.ok_or_else(|| BrowserError::Unfit {
            what: format!("{what} `{locator}`"),
            reason: String::from("it is no checkbox, radio button or switch"),
        })?;
        Ok(state == "true")
    }
}
