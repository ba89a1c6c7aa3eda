//! What a person does to a page: click, fill, press, choose.

use std::path::PathBuf;

use browser::{ClickOptions, DialogPolicy, OptionChoice};
use serde_json::{Value, json};

use super::{ActError, Acted, WAIT_MS, limit, locator};
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
    let force = parameters.flag("force", false)?;
    let options = ClickOptions {
        force,
        timeout: limit(call, WAIT_MS)?,
        ..ClickOptions::default()
    };
    if let Some(policy) = dialog_policy(parameters)? {
        at.page.set_dialogs(policy);
    }
    let before = at.page.records().dialogs.len();
    at.page.click(&locator, &options).await?;
    let dialogs = at.page.records().dialogs;
    let shown: Vec<&str> = dialogs
        .iter()
        .skip(before)
        .map(|dialog| dialog.message.as_str())
        .collect();
    let mut output = json!({"selector": locator.as_str(), "status": "clicked", "force": force});
    if !shown.is_empty() {
        output["dialogs"] = json!(shown);
    }
    Ok(output)
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
    let limit = limit(call, WAIT_MS)?;
    at.page.fill(&locator, &value, limit).await?;
    Ok(json!({"selector": locator.as_str(), "status": "filled"}))
}

pub(super) async fn press(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let key = call.parameters.text("key")?;
    let locator = match call.parameters.get("selector") {
        Some(_) => Some(locator(&call.parameters)?),
        None => None,
    };
    let limit = limit(call, WAIT_MS)?;
    at.page.press(locator.as_ref(), &key, limit).await?;
    Ok(json!({"key": key, "status": "pressed"}))
}

pub(super) async fn check(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let checked = call.parameters.flag("checked", true)?;
    let limit = limit(call, WAIT_MS)?;
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
    let limit = limit(call, WAIT_MS)?;
    let selected = at.page.select(&locator, &choices, limit).await?;
    Ok(json!({"selector": locator.as_str(), "selected": selected, "status": "selected"}))
}

pub(super) async fn hover(call: &StepCall<'_>, at: &SessionPage) -> Acted {
    let locator = locator(&call.parameters)?;
    let limit = limit(call, WAIT_MS)?;
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
    let limit = limit(call, WAIT_MS)?;
    at.page.upload(&locator, &files, limit).await?;
    let given = call.parameters.required("file_path")?;
    Ok(json!({"selector": locator.as_str(), "file_path": given, "status": "uploaded"}))
}
