//! What is read of a page until it is as it should be.

use std::time::Duration;

use browser::{BrowserError, Locator};
use regex::Regex;
use tokio::time::{Instant, sleep};

use super::ActError;
use crate::{
    attempt::execution::call::{Parameters, StepEnd},
    browsers::SessionPage,
};

/// How often it is looked.
const LOOK_PERIOD: Duration = Duration::from_millis(100);

/// What an element shows: its text, or the content of an input. Trimmed.
pub(super) async fn shown(
    at: &SessionPage,
    locator: &Locator,
    limit: Duration,
) -> Result<String, BrowserError> {
    let text = at.page.text(locator, limit).await;
    text.map(|text| text.trim().to_owned())
}

/// What is read of a page.
pub(super) enum Subject<'a> {
    Text(&'a Locator),
    Attribute(&'a Locator, &'a str),
    Count(&'a Locator),
    Address,
    Title,
}

impl Subject<'_> {
    /// Nothing is an attribute that is not there.
    async fn read(
        &self,
        at: &SessionPage,
        limit: Duration,
    ) -> Result<Option<String>, BrowserError> {
        match self {
            Self::Text(locator) => shown(at, locator, limit).await.map(Some),
            Self::Attribute(locator, name) => at.page.attribute(locator, name, limit).await,
            Self::Count(locator) => Ok(Some(at.page.count(locator, limit).await?.to_string())),
            Self::Address => Ok(Some(at.page.url())),
            Self::Title => at.page.title(limit).await.map(Some),
        }
    }
}

/// Reads until it fits or the time is over; answers what was read last.
pub(super) async fn until(
    at: &SessionPage,
    limit: Duration,
    matcher: &TextMatch,
    subject: &Subject<'_>,
) -> Result<Option<String>, ActError> {
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let actual = match subject.read(at, left.max(LOOK_PERIOD)).await {
            // A document that goes away in the middle of a look.
            Err(BrowserError::Refused { .. }) if !left.is_zero() => None,
            read => read?,
        };
        let fits = actual.as_deref().is_some_and(|actual| matcher.fits(actual));
        if fits || left.is_zero() {
            return Ok(actual);
        }
        sleep(LOOK_PERIOD.min(left)).await;
    }
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

    /// What was read, if it fits.
    pub(super) fn check(&self, what: &str, actual: Option<String>) -> Result<String, ActError> {
        match actual {
            Some(actual) if self.fits(&actual) => Ok(actual),
            actual => {
                let is = actual.map_or_else(
                    || "is not there".to_owned(),
                    |actual| format!("is {actual:?}"),
                );
                let wanted = self.wanted();
                Err(ActError::Page(format!("{what} {is}, and should {wanted}")))
            }
        }
    }
}
