//! The box of an element that is visible and stands still.

use serde::de::DeserializeOwned;

use super::{click::HOVER_CHECKS, wait::Attempt};
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
        let read = async |element: &FoundElement, _| {
            let area = self.call_element(element, "boxOf", &[], deadline).await?;
            Ok(Attempt::Done((element.clone(), area)))
        };
        let what = "taking a picture of";
        self.attempt_on(what, locator, &HOVER_CHECKS, deadline, read)
            .await
    }
}
