//! What a person does to a page: click, fill, press, choose.

use std::path::PathBuf;

use browser::{
    BrowserError, ButtonName, ClickOptions, DialogPolicy, DragPlace, Locator, OptionChoice,
    Position,
};
use serde_json::{Value, json};

use super::{ActError, Acted, limit, locator};
use crate::{
    attempt::execution::{
        call::{Parameters, StepCall, StepEnd, text},
        steps::artifact,
    },
    browsers::SessionPage,
};

pub(super) async fn click(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let locator = locator(parameters)?;
    let force = parameters.is_on("force")?;
    let button = match parameters.text("button")?.as_str() {
        "left" => ButtonName::Left,
        "middle" => ButtonName::Middle,
        "right" => ButtonName::Right,
        other => {
            let why = format!("parameter `button` cannot be `{other}`");
            return Err(ActError::Step(StepEnd::refused(why)));
        }
    };
    let options = ClickOptions {
        force,
        button,
        position: position(parameters, "position")?,
        timeout: limit(call)?,
        ..ClickOptions::default()
    };
    if let Some(policy) = dialog_policy(parameters)? {
        at.page.set_dialogs(policy);
    }
    let before = at.page.records().dialog_count;
    at.page.click(&locator, &options).await?;
    let records = at.page.records();
    let shown = records.dialogs_after(before);
    let shown: Vec<&str> = shown.map(|dialog| dialog.message.as_str()).collect();
    let mut output = json!({"selector": locator.as_str(), "status": "clicked", "force": force});
    if !shown.is_empty() {
        output["dialogs"] = json!(shown);
    }
    Ok(output)
}

/// The point in an element that a step names, if it does.
fn position(parameters: &Parameters, name: &str) -> Result<Option<Position>, StepEnd> {
    let Some(point) = parameters.map(name)? else {
        return Ok(None);
    };
    let point = Parameters(point.clone());
    let (x, y) = (point.given_number("x")?, point.given_number("y")?);
    Ok(Some(Position { x, y }))
}

pub(super) async fn drag(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let parameters = &call.parameters;
    let locator = locator(parameters)?;
    let target: Locator = parameters
        .text("target")?
        .parse()
        .map_err(BrowserError::from)?;
    let from = DragPlace {
        locator: &locator,
        position: position(parameters, "position")?,
    };
    let to = DragPlace {
        locator: &target,
        position: position(parameters, "target_position")?,
    };
    at.page.drag(from, to, limit(call)?).await?;
    Ok(json!({"selector": locator.as_str(), "target": target.as_str(), "status": "dragged"}))
}

/// What a step wants to happen to dialogs, if it says so.
fn dialog_policy(parameters: &Parameters) -> Result<Option<DialogPolicy>, StepEnd> {
    let text = parameters.optional_text("dialog_text");
    match parameters.optional_text("dialog").as_deref() {
        Some("dismiss") => Ok(Some(DialogPolicy::Dismiss)),
        Some("accept") => Ok(Some(DialogPolicy::Accept { text })),
        Some(other) => Err(StepEnd::refused(format!(
            "parameter `dialog` cannot be `{other}`"
        ))),
        None => Ok(text.map(|text| DialogPolicy::Accept { text: Some(text) })),
    }
}

pub(super) async fn fill(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let value = call.parameters.text("value")?;
    let limit = limit(call)?;
    at.page.fill(&locator, &value, limit).await?;
    Ok(json!({"selector": locator.as_str(), "status": "filled"}))
}

pub(super) async fn press(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let key = call.parameters.text("key")?;
    let locator = match call.parameters.get("selector") {
        Some(_) => Some(locator(&call.parameters)?),
        None => None,
    };
    let limit = limit(call)?;
    at.page.press(locator.as_ref(), &key, limit).await?;
    Ok(json!({"key": key, "status": "pressed"}))
}

pub(super) async fn check(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let checked = call.parameters.is_on("checked")?;
    let limit = limit(call)?;
    at.page.set_checked(&locator, checked, limit).await?;
    let status = if checked { "checked" } else { "unchecked" };
    Ok(json!({"selector": locator.as_str(), "checked": checked, "status": status}))
}

pub(super) async fn select(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let wanted = match call.parameters.required("value")? {
        Value::Array(wanted) => wanted.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let choices: Vec<OptionChoice> = wanted.into_iter().map(OptionChoice::ValueOrLabel).collect();
    let limit = limit(call)?;
    let selected = at.page.select(&locator, &choices, limit).await?;
    Ok(json!({"selector": locator.as_str(), "selected": selected, "status": "selected"}))
}

pub(super) async fn hover(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(call)?;
    at.page.hover(&locator, None, limit).await?;
    Ok(json!({"selector": locator.as_str(), "status": "hovered"}))
}

pub(super) async fn upload(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let named = match call.parameters.required("file_path")? {
        Value::Array(named) => named.iter().map(text).collect(),
        one => vec![text(one)],
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for name in &named {
        files.push(artifact::given_path(call, name).await?);
    }
    if files.is_empty() {
        return Err(ActError::Step(StepEnd::refused(
            "parameter `file_path` names no file",
        )));
    }
    let limit = limit(call)?;
    at.page.upload(&locator, &files, limit).await?;
    let given = call.parameters.required("file_path")?;
    Ok(json!({"selector": locator.as_str(), "file_path": given, "status": "uploaded"}))
}
