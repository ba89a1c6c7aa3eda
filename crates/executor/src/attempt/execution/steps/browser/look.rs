//! What a step reads of a page, and fails over when it is not as it should be.

use std::time::Duration;

use browser::{BrowserError, Locator, WaitState};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    ActError, Acted,
    expected::{Subject, TextMatch, shown, until},
    limit, locator,
};
use crate::{
    attempt::execution::call::{StepCall, StepEnd},
    browsers::SessionPage,
};

pub(super) async fn wait(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(call)?;
    at.page
        .wait_for(&locator, WaitState::Visible, limit)
        .await?;
    Ok(json!({"selector": locator.as_str(), "status": "found"}))
}

pub(super) async fn verify(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let expected = call.parameters.is_on("exists")?;
    let limit = limit(call)?;
    match expected {
        true => {
            at.page
                .wait_for(&locator, WaitState::Visible, limit)
                .await?;
        }
        false => nothing_visible(at, &locator, limit).await?,
    }
    let selector = locator.as_str();
    let how = if expected { "is there" } else { "is not there" };
    Ok(json!({
        "selector": selector, "exists": expected, "expected": expected, "status": "verified",
        "message": format!("`{selector}` {how}, as it should be"),
    }))
}

/// Waits until nothing that matches is visible: it may match several, which are to go.
async fn nothing_visible(
    at: &SessionPage,
    locator: &Locator,
    limit: Duration,
) -> Result<(), ActError> {
    let visible: Locator = format!("{} >> visible=true", locator.as_str())
        .parse()
        .map_err(BrowserError::from)?;
    let none = TextMatch::exact("0".to_owned());
    let what = format!("the number of visible `{}`", locator.as_str());
    let visible = Subject::Count(&visible);
    until(at, limit, (&what, &none), &visible).await.map(drop)
}

pub(super) async fn verify_text(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let matcher = TextMatch::of(&call.parameters, "text")?;
    let limit = limit(call)?;
    let what = format!("the text of `{}`", locator.as_str());
    let subject = Subject::Text(&locator);
    let actual = until(at, limit, (&what, &matcher), &subject).await?;
    Ok(json!({
        "selector": locator.as_str(), "expected_text": matcher.text, "actual_text": actual,
        "match_type": matcher.kind, "status": "verified", "message": format!("{what} is {actual:?}"),
    }))
}

pub(super) async fn verify_attribute(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let attribute = call.parameters.text("attribute")?;
    let matcher = TextMatch::exact(call.parameters.text("value")?);
    let limit = limit(call)?;
    let subject = Subject::Attribute(&locator, &attribute);
    let what = format!("the attribute `{attribute}` of `{}`", locator.as_str());
    let actual = until(at, limit, (&what, &matcher), &subject).await?;
    Ok(json!({
        "selector": locator.as_str(), "attribute": attribute, "expected_value": matcher.text,
        "actual_value": actual, "status": "verified", "message": format!("{what} is {actual:?}"),
    }))
}

pub(super) async fn verify_state(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let expected = call.parameters.text("state")?;
    let limit = limit(call)?;
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
    match state {
        WaitState::Hidden => nothing_visible(at, &locator, limit).await?,
        state => at.page.wait_for(&locator, state, limit).await?,
    }
    let selector = locator.as_str();
    Ok(json!({
        "selector": selector, "expected_state": expected, "status": "verified",
        "message": format!("`{selector}` is {expected}"),
    }))
}

pub(super) async fn get_text(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(call)?;
    let text = shown(at, &locator, limit).await?;
    Ok(json!({"selector": locator.as_str(), "text": text, "status": "extracted"}))
}

/// Address, title, or number of elements.
pub(super) async fn expect(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let end = Instant::now() + limit(call)?;
    let mut wanted = Vec::new();
    for (name, what, subject) in [
        ("url", "the address", Subject::Address),
        ("title", "the title", Subject::Title),
    ] {
        if parameters.get(name).is_some() {
            wanted.push((
                name,
                what.to_owned(),
                TextMatch::of(parameters, name)?,
                subject,
            ));
        }
    }
    let counted = parameters
        .get("selector")
        .map(|_| locator(parameters))
        .transpose()?;
    if let Some(locator) = &counted {
        let count = parameters.number("count")?;
        let count = count.ok_or_else(|| StepEnd::refused("parameter `count` is missing"))?;
        let what = format!("the number of `{}`", locator.as_str());
        let matcher = TextMatch::exact(count.to_string());
        wanted.push(("count", what, matcher, Subject::Count(locator)));
    }
    if wanted.is_empty() {
        let why = "name `url`, `title`, or `selector` with `count`";
        return Err(ActError::Step(StepEnd::refused(why)));
    }
    let mut seen = serde_json::Map::new();
    for (name, what, matcher, subject) in wanted {
        let left = end.saturating_duration_since(Instant::now());
        let actual = until(at, left, (&what, &matcher), &subject).await?;
        let number = actual.parse::<u64>().ok().filter(|_| name == "count");
        let value = number.map_or_else(|| actual.into(), Value::from);
        seen.insert(name.to_owned(), value);
    }
    seen.insert("status".to_owned(), "verified".into());
    Ok(Value::Object(seen))
}
