//! What a step reads of a page, and fails over when it is not as it should be.

use std::time::Duration;

use browser::{BrowserError, Locator, WaitState};
use regex::Regex;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::{ActError, Acted, VERIFY_MS, WAIT_MS, limit, locator};
use crate::{
    attempt::execution::call::{Parameters, StepCall, StepEnd},
    browsers::SessionPage,
};

/// How often it is looked whether a page is as it should be.
const LOOK_PERIOD: Duration = Duration::from_millis(100);

pub(super) async fn wait(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(&call.parameters, WAIT_MS)?;
    at.page
        .wait_for(&locator, WaitState::Visible, limit)
        .await?;
    Ok(json!({"selector": locator.as_str(), "status": "found"}))
}

pub(super) async fn verify(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let expected = call.parameters.flag("exists", true)?;
    let limit = limit(&call.parameters, VERIFY_MS)?;
    let state = if expected {
        WaitState::Visible
    } else {
        WaitState::Hidden
    };
    at.page.wait_for(&locator, state, limit).await?;
    let selector = locator.as_str();
    let how = if expected { "is there" } else { "is not there" };
    Ok(json!({
        "selector": selector, "exists": expected, "expected": expected, "status": "verified",
        "message": format!("`{selector}` {how}, as it should be"),
    }))
}

pub(super) async fn verify_text(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let matcher = TextMatch::of(&call.parameters, "text")?;
    let limit = limit(&call.parameters, VERIFY_MS)?;
    let actual = until(at, limit, &matcher, &Subject::Text(&locator)).await?;
    let selector = locator.as_str();
    let message = format!("the text of `{selector}` is {actual:?}");
    if !matcher.fits(&actual) {
        return Err(ActError::Page(format!(
            "{message}, and should {}",
            matcher.wanted()
        )));
    }
    Ok(json!({
        "selector": selector, "expected_text": matcher.text, "actual_text": actual,
        "match_type": matcher.kind, "status": "verified", "message": message,
    }))
}

pub(super) async fn verify_attribute(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let attribute = call.parameters.text("attribute")?;
    let matcher = TextMatch::exact(call.parameters.text("value")?);
    let limit = limit(&call.parameters, VERIFY_MS)?;
    let subject = Subject::Attribute(&locator, &attribute);
    let actual = until(at, limit, &matcher, &subject).await?;
    let selector = locator.as_str();
    let message = format!("the attribute `{attribute}` of `{selector}` is {actual:?}");
    if !matcher.fits(&actual) {
        return Err(ActError::Page(format!(
            "{message}, and should {}",
            matcher.wanted()
        )));
    }
    Ok(json!({
        "selector": selector, "attribute": attribute, "expected_value": matcher.text,
        "actual_value": actual, "status": "verified", "message": message,
    }))
}

pub(super) async fn verify_state(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let expected = call.parameters.text("state")?;
    let state = match expected.as_str() {
        "visible" => WaitState::Visible,
        "hidden" => WaitState::Hidden,
        "enabled" => WaitState::Enabled,
        "disabled" => WaitState::Disabled,
        "checked" => WaitState::Checked,
        "unchecked" => WaitState::Unchecked,
        other => {
            let why = format!("parameter `state` cannot be `{other}`");
            return Err(ActError::Step(StepEnd::refused(why)));
        }
    };
    let limit = limit(&call.parameters, VERIFY_MS)?;
    at.page.wait_for(&locator, state, limit).await?;
    let selector = locator.as_str();
    Ok(json!({
        "selector": selector, "expected_state": expected, "status": "verified",
        "message": format!("`{selector}` is {expected}"),
    }))
}

pub(super) async fn get_text(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(&call.parameters, WAIT_MS)?;
    at.page
        .wait_for(&locator, WaitState::Attached, limit)
        .await?;
    let text = shown(at, &locator, limit).await?;
    Ok(json!({"selector": locator.as_str(), "text": text, "status": "extracted"}))
}

/// Address, title, or number of elements.
pub(super) async fn expect(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let limit = limit(parameters, VERIFY_MS)?;
    let mut seen = serde_json::Map::new();
    if parameters.get("url").is_some() {
        let matcher = TextMatch::of(parameters, "url")?;
        let actual = until(at, limit, &matcher, &Subject::Address).await?;
        matcher.check("the address", &actual)?;
        seen.insert("url".to_owned(), actual.into());
    }
    if parameters.get("title").is_some() {
        let matcher = TextMatch::of(parameters, "title")?;
        let actual = until(at, limit, &matcher, &Subject::Title).await?;
        matcher.check("the title", &actual)?;
        seen.insert("title".to_owned(), actual.into());
    }
    if parameters.get("selector").is_some() {
        let locator = locator(parameters)?;
        let matcher = TextMatch::exact(parameters.text("count")?);
        let actual = until(at, limit, &matcher, &Subject::Count(&locator)).await?;
        matcher.check(&format!("the number of `{}`", locator.as_str()), &actual)?;
        seen.insert(
            "count".to_owned(),
            json!(actual.parse::<u64>().unwrap_or_default()),
        );
    }
    if seen.is_empty() {
        let why = "name `url`, `title`, or `selector` with `count`";
        return Err(ActError::Step(StepEnd::refused(why)));
    }
    seen.insert("status".to_owned(), "verified".into());
    Ok(Value::Object(seen))
}

/// What an element shows: its text, or the content of an input. Trimmed.
async fn shown(
    at: &SessionPage,
    locator: &Locator,
    limit: Duration,
) -> Result<String, BrowserError> {
    let text = match at.page.input_value(locator, limit).await {
        Err(BrowserError::Unfit { .. }) => at.page.text(locator, limit).await,
        read => read,
    };
    text.map(|text| text.trim().to_owned())
}

/// What is read of a page.
enum Subject<'a> {
    Text(&'a Locator),
    Attribute(&'a Locator, &'a str),
    Count(&'a Locator),
    Address,
    Title,
}

impl Subject<'_> {
    async fn read(&self, at: &SessionPage, limit: Duration) -> Result<String, BrowserError> {
        match self {
            Self::Text(locator) => shown(at, locator, limit).await,
            Self::Attribute(locator, name) => {
                let value = at.page.attribute(locator, name, limit).await?;
                Ok(value.unwrap_or_default())
            }
            Self::Count(locator) => Ok(at.page.count(locator, limit).await?.to_string()),
            Self::Address => Ok(at.page.url()),
            Self::Title => at.page.title(limit).await,
        }
    }
}

/// Reads until it fits or the time is over; answers what was read last.
async fn until(
    at: &SessionPage,
    limit: Duration,
    matcher: &TextMatch,
    subject: &Subject<'_>,
) -> Result<String, ActError> {
    let end = Instant::now() + limit;
    loop {
        let left = end.saturating_duration_since(Instant::now());
        let actual = subject.read(at, left.max(LOOK_PERIOD)).await?;
        if matcher.fits(&actual) || left.is_zero() {
            return Ok(actual);
        }
        sleep(LOOK_PERIOD.min(left)).await;
    }
}

/// What a text should be.
struct TextMatch {
    text: String,
    kind: String,
    pattern: Option<Regex>,
}

impl TextMatch {
    fn exact(text: String) -> Self {
        Self {
            text,
            kind: "exact".to_owned(),
            pattern: None,
        }
    }

    fn of(parameters: &Parameters, name: &str) -> Result<Self, StepEnd> {
        let text = parameters.text(name)?;
        let kind = parameters.optional_text("match");
        let kind = kind.unwrap_or_else(|| "exact".to_owned());
        let pattern = match kind.as_str() {
            "exact" | "contains" => None,
            "regex" => Some(Regex::new(&text).map_err(|error| {
                StepEnd::refused(format!(
                    "parameter `{name}` is no regular expression: {error}"
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

    fn check(&self, what: &str, actual: &str) -> Result<(), ActError> {
        if self.fits(actual) {
            return Ok(());
        }
        let wanted = self.wanted();
        Err(ActError::Page(format!(
            "{what} is {actual:?}, and should {wanted}"
        )))
    }
}
