//! What was to be seen when a step failed: a picture of the page, where it was, what its console said and which
//! of its requests failed.

use std::time::Duration;

use browser::ScreenshotOptions;
use serde_json::json;
use tokio::time::timeout;

use crate::{
    attempt::execution::{
        call::{StepCall, StepEnd},
        steps::artifact,
    },
    browsers::SessionPage,
    redactor::REDACTED,
};

/// All of it may take so long: the step has failed already.
const LIMIT: Duration = Duration::from_secs(10);
/// A page that hangs shows nothing.
const LOOK_LIMIT: Duration = Duration::from_secs(3);
/// A shorter beginning of a secret may be anything.
const SHORT: usize = 4;
/// So many lines and requests are kept, the last ones.
const KEPT: usize = 50;

/// The end of a step that failed in the page; what is to be seen of it is kept as artefacts.
pub(super) async fn describe(call: &StepCall<'_>, at: &SessionPage, message: String) -> StepEnd {
    let secrets = call.context.redactor.secrets();
    let message = without_beginnings(message, &secrets);
    let described = timeout(LIMIT, seen(call, at, &message, &secrets)).await;
    StepEnd::failed(described.unwrap_or(message))
}

/// The message, and what was to be seen.
async fn seen(call: &StepCall<'_>, at: &SessionPage, message: &str, secrets: &[String]) -> String {
    let page = &at.page;
    let url = page.url();
    let title = page.title(LOOK_LIMIT).await.unwrap_or_default();
    let records = page.records();
    let last = |length: usize| length.saturating_sub(KEPT);
    let console = records.console.iter().skip(last(records.console.len()));
    let console = console
        .map(|line| json!({"level": line.level, "text": without_beginnings(line.text.clone(), secrets), "location": line.location}));
    let failed = at.proxy.explained(records.failed_requests.clone());
    let requests = failed.iter().skip(last(failed.len()));
    let requests =
        requests.map(|one| json!({"method": one.method, "url": one.url, "reason": one.reason}));
    let report = json!({
        "error": message, "url": url, "title": title,
        "console": console.collect::<Vec<_>>(),
        "failed_requests": requests.collect::<Vec<_>>(),
    });
    let name = format!("{}-failed-{}", call.key, call.tries);
    let text = serde_json::to_vec_pretty(&report).unwrap_or_default();
    let mut kept = Vec::new();
    let options = ScreenshotOptions {
        timeout: LOOK_LIMIT,
        ..ScreenshotOptions::default()
    };
    // That they cannot be kept does not replace the step's own error.
    if let Ok(picture) = page.screenshot(&options).await {
        let name = format!("{name}.png");
        if artifact::keep_unredacted(call, &name, picture)
            .await
            .is_ok()
        {
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
        shown.push_str(&format!(
            "\nconsole: {}",
            without_beginnings(line.text.clone(), secrets)
        ));
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
    shown
}

/// Where a text was cut in the middle of a secret, the redactor does not find what is left of it.
fn without_beginnings(mut text: String, secrets: &[String]) -> String {
    let cuts: Vec<usize> = text.match_indices('…').map(|(at, _)| at).collect();
    for cut in cuts.into_iter().rev() {
        let begun = secrets.iter().filter_map(|secret| {
            let ends = secret.char_indices().map(|(at, _)| at).skip(SHORT);
            ends.filter(|end| text[..cut].ends_with(&secret[..*end]))
                .last()
        });
        if let Some(length) = begun.max() {
            text.replace_range(cut - length..cut, REDACTED);
        }
    }
    text
}

fn is_bad(level: &str) -> bool {
    matches!(level, "error" | "exception")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_a_secret_before_a_cut_is_hidden() {
        let secrets = ["hunter2-long".to_owned(), "other".to_owned()];
        let hidden = |text: &str| without_beginnings(text.to_owned(), &secrets);
        assert_eq!(
            hidden("<a href=x?t=hunter2…> and hunter2"),
            "<a href=x?t=***…> and hunter2"
        );
        assert_eq!(hidden("a hun…b othe…"), "a hun…b ***…");
        assert_eq!(hidden("nothing…"), "nothing…");
    }
}
