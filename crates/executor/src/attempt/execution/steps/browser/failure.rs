//! What was to be seen when a step failed: a picture of the page, where it was, what its console said and which
//! of its requests failed.

use std::time::Duration;

use browser::ScreenshotOptions;
use serde_json::json;

use crate::{
    attempt::execution::{
        call::{StepCall, StepEnd},
        steps::artifact,
    },
    browsers::SessionPage,
};

/// A page that hangs shows nothing.
const LOOK_LIMIT: Duration = Duration::from_secs(3);
/// So many lines and requests are kept, the last ones.
const KEPT: usize = 50;

/// The end of a step that failed in the page; what is to be seen of it is kept as artefacts.
pub(super) async fn describe(call: &StepCall<'_>, at: &SessionPage, message: String) -> StepEnd {
    let page = &at.page;
    let url = page.url();
    let title = page.title(LOOK_LIMIT).await.unwrap_or_default();
    let records = page.records();
    let last = |length: usize| length.saturating_sub(KEPT);
    let console = records.console.iter().skip(last(records.console.len()));
    let console = console
        .map(|line| json!({"level": line.level, "text": line.text, "location": line.location}));
    let failed = &records.failed_requests;
    let requests = failed.iter().skip(last(failed.len()));
    let requests =
        requests.map(|one| json!({"method": one.method, "url": one.url, "reason": one.reason}));
    let report = json!({
        "error": message, "url": url, "title": title,
        "console": console.collect::<Vec<_>>(),
        "failed_requests": requests.collect::<Vec<_>>(),
    });
    let name = format!(
        "{}-failed-{}",
        call.key.to_string().replace('/', "-"),
        call.tries
    );
    let text = serde_json::to_vec_pretty(&report).unwrap_or_default();
    let mut kept = Vec::new();
    let options = ScreenshotOptions {
        timeout: LOOK_LIMIT,
        ..ScreenshotOptions::default()
    };
    // That they cannot be kept does not replace the step's own error.
    if let Ok(picture) = page.screenshot(&options).await {
        let name = format!("{name}.png");
        if artifact::keep(call, &name, picture).await.is_ok() {
            kept.push(name);
        }
    }
    let name = format!("{name}.json");
    if artifact::keep(call, &name, text.into()).await.is_ok() {
        kept.push(name);
    }
    // No page is wrong because it has no icon.
    let is_icon = |address: &str| address.contains("/favicon.ico");
    let mut shown = format!("{message}\npage: {title} ({url})");
    if let Some(line) = records
        .console
        .iter()
        .rev()
        .find(|line| is_bad(&line.level) && !is_icon(&line.location))
    {
        shown.push_str(&format!("\nconsole: {}", line.text));
    }
    if let Some(one) = failed.iter().rev().find(|one| !is_icon(&one.url)) {
        shown.push_str(&format!(
            "\nfailed request: {} {}: {}",
            one.method, one.url, one.reason
        ));
    }
    if !kept.is_empty() {
        shown.push_str(&format!("\nseen: {}", kept.join(", ")));
    }
    StepEnd::failed(shown)
}

fn is_bad(level: &str) -> bool {
    matches!(level, "error" | "exception")
}
