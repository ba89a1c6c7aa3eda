//! The box of an element that is visible and stands still.

use serde::de::DeserializeOwned;

use super::{
    click::HOVER_CHECKS,
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{FoundElement, PageCore},
};

impl PageCore {
    /// Waits for the element, scrolls it into view; answers with it and its box in its frame's window.
    pub(crate) async fn visible_box<T: DeserializeOwned>(
        &self,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<(FoundElement, T), BrowserError> {
        let mut tries = Tries::of(self, "taking a picture of", locator, deadline);
        loop {
            match self.try_box(locator, deadline).await {
                Ok(found) => return Ok(found),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }

    async fn try_box<T: DeserializeOwned>(
        &self,
        locator: &Locator,
        deadline: &Deadline,
    ) -> Result<(FoundElement, T), Miss> {
        let element = self.ready(locator, &HOVER_CHECKS, deadline).await?;
        let area = self.call_element(&element, "boxOf", &[], deadline).await?;
        Ok((element, area))
    }
}
