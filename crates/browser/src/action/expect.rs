//! Waits until what an element shows fulfils a condition of the caller.

use std::time::Duration;

use super::wait::{Miss, Tries};
use crate::{deadline::Deadline, error::BrowserError, locator::Locator, page::BrowserPage};

impl BrowserPage {
    /// Waits until the text that an element shows, or the value of a field, fulfils a condition; answers
    /// with it.
    ///
    /// # Errors
    /// The locator matches several elements, the time limit passes, or the page has ended. The error
    /// says what the text was last.
    pub async fn wait_for_text(
        &self,
        locator: &Locator,
        mut fulfils: impl FnMut(&str) -> bool + Send,
        limit: Duration,
    ) -> Result<String, BrowserError> {
        let deadline = Deadline::after(limit);
        let mut tries = Tries::of(&self.core, "waiting for the text of", locator, &deadline);
        loop {
            let read = self.try_read::<String>(locator, "text", &[], &deadline);
            let miss = match read.await {
                Ok(text) if fulfils(&text) => return Ok(text),
                Ok(text) => Miss::NotYet(format!("it is {text:?}")),
                Err(miss) => miss,
            };
            tries.again(miss).await?;
        }
    }

    /// Waits until an attribute of an element fulfils a condition; `None` stands for an element without it.
    ///
    /// # Errors
    /// As for [`BrowserPage::wait_for_text`].
    pub async fn wait_for_attribute(
        &self,
        locator: &Locator,
        name: &str,
        mut fulfils: impl FnMut(Option<&str>) -> bool + Send,
        limit: Duration,
    ) -> Result<Option<String>, BrowserError> {
        let deadline = Deadline::after(limit);
        let what = format!("waiting for `{name}` of");
        let more = [serde_json::Value::from(name)];
        let mut tries = Tries::of(&self.core, &what, locator, &deadline);
        loop {
            let read = self.try_read::<Option<String>>(locator, "attribute", &more, &deadline);
            let miss = match read.await {
                Ok(value) if fulfils(value.as_deref()) => return Ok(value),
                Ok(None) => Miss::NotYet(String::from("the element does not have it")),
                Ok(Some(value)) => Miss::NotYet(format!("it is {value:?}")),
                Err(miss) => miss,
            };
            tries.again(miss).await?;
        }
    }

    /// Waits until so many elements match as a condition wants; answers with how many.
    ///
    /// # Errors
    /// The time limit passes, or the page has ended.
    pub async fn wait_for_count(
        &self,
        locator: &Locator,
        mut fulfils: impl FnMut(usize) -> bool + Send,
        limit: Duration,
    ) -> Result<usize, BrowserError> {
        let deadline = Deadline::after(limit);
        let mut tries = Tries::of(&self.core, "counting", locator, &deadline);
        loop {
            let miss = match self.count(locator, deadline.left()).await {
                Ok(count) if fulfils(count) => return Ok(count),
                Ok(count) => Miss::NotYet(format!("{count} elements match")),
                Err(error) => Miss::Failed(error),
            };
            tries.again(miss).await?;
        }
    }

    /// Waits until the title of the document fulfils a condition; answers with it. For the address there is
    /// [`BrowserPage::wait_for_url`].
    ///
    /// # Errors
    /// The time limit passes, or the page has ended.
    pub async fn wait_for_title(
        &self,
        mut fulfils: impl FnMut(&str) -> bool + Send,
        limit: Duration,
    ) -> Result<String, BrowserError> {
        let deadline = Deadline::after(limit);
        let what = String::from("waiting for the title");
        let mut tries = Tries::new(&self.core, what, &deadline);
        loop {
            let miss = match self.title(deadline.left()).await {
                Ok(title) if fulfils(&title) => return Ok(title),
                Ok(title) => Miss::NotYet(format!("it is {title:?}")),
                Err(error) => Miss::Failed(error),
            };
            tries.again(miss).await?;
        }
    }
}
