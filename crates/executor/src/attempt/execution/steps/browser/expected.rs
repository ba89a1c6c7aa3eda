//! What is read of a page until it is as it should be.

use std::time::Duration;

use browser::{BrowserError, Locator};
use regex::Regex;

use super::ActError;
use crate::{
    attempt::execution::call::{Parameters, StepEnd},
    browsers::SessionPage,
};

/// A look takes a moment also when the time is over.
const LOOK: Duration = Duration::from_millis(100);

/// What an element shows: its text, or the content of an input. Trimmed.
pub(super) async fn shown(
    at: &SessionPage,
    locator: &Locator,
    limit: Duration,
) -> Result<String, BrowserError> {
    let text = at.page.text(locator, limit).await;
    text.map(|text| text.trim().to_owned())
}

/// What is read of a page. Nothing is an attribute that is not there.
pub(super) enum Subject<'a> {
    Text(&'a Locator),
    Attribute(&'a Locator, &'a str),
    Count(&'a Locator),
    Address,
    Title,
}

/// Waits until it fits. Answers what it is then; the error says what it was last.
pub(super) async fn until(
    at: &SessionPage,
    limit: Duration,
    (what, matcher): (&str, &TextMatch),
    subject: &Subject<'_>,
) -> Result<String, ActError> {
    let (page, limit) = (&at.page, limit.max(LOOK));
    let fits = |actual: &str| matcher.fits(actual);
    let waited = match subject {
        Subject::Text(locator) => {
            let waited = page.wait_for_text(locator, |text| fits(text.trim()), limit);
            waited.await.map(|text| text.trim().to_owned())
        }
        Subject::Attribute(locator, name) => {
            let has = |value: Option<&str>| value.is_some_and(fits);
            let waited = page.wait_for_attribute(locator, name, has, limit);
            waited.await.map(Option::unwrap_or_default)
        }
        Subject::Count(locator) => {
            let counted = |count: usize| fits(&count.to_string());
            let waited = page.wait_for_count(locator, counted, limit);
            waited.await.map(|count| count.to_string())
        }
        Subject::Address => page.wait_for_url(fits, limit).await,
        Subject::Title => page.wait_for_title(fits, limit).await,
    };
    waited.map_err(|error| match error {
        BrowserError::Timeout { after, reason, .. } => ActError::Page(format!(
            "{what} should {}, and does not within {} ms: {reason}",
            matcher.wanted(),
            after.as_millis()
        )),
        error => error.into(),
    })
}

/// What a text should be.
pub(super) struct TextMatch {
    pub(super) text: String,
    pub(super) kind: String,
    pattern: Option<Regex>,
}

impl TextMatch {
    pub(super) fn exact(text: String) -> Self {
        Self {
            text,
            kind: "exact".to_owned(),
            pattern: None,
        }
    }

    pub(super) fn of(parameters: &Parameters, name: &str) -> Result<Self, StepEnd> {
        let text = parameters.text(name)?;
        let kind = parameters.optional_text("match");
        let kind = kind.unwrap_or_else(|| "exact".to_owned());
        let pattern = match kind.as_str() {
            "exact" | "contains" => None,
            "regex" => Some(Regex::new(&text).map_err(|error| {
                StepEnd::refused(format!(
                    "parameter `{name}` is not a regular expression: {error}"
                ))
            })?),
            other => {
                let why = format!("parameter `match` cannot be `{other}`");
                return Err(StepEnd::refused(why));
            }
        };
        Ok(Self {
            text,
            kind,
            pattern,
        })
    }

    fn fits(&self, actual: &str) -> bool {
        match &self.pattern {
            Some(pattern) => pattern.is_match(actual),
            None if self.kind == "contains" => actual.contains(&self.text),
            None => actual == self.text,
        }
    }

    fn wanted(&self) -> String {
        let how = match self.kind.as_str() {
            "contains" => "contain",
            "regex" => "match",
            _ => "be",
        };
        format!("{how} {:?}", self.text)
    }
}
