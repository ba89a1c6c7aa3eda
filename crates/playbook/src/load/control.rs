//! Reads how a step is controlled: failures, tries, loops, conditions.

use serde_json::Value;

use super::Fields;
use crate::{
    ForEach, OnFailure, Retry,
    suggest::did_you_mean,
    yaml::{Content, Node},
};

const RETRY_DELAY_S: f64 = 5.0;
const MAX_RETRY_DELAY_S: f64 = 3_600.0;

pub(super) fn on_failure(fields: &mut Fields<'_>) -> OnFailure {
    let Some(word) = fields.text("on_failure") else {
        return OnFailure::default();
    };
    let known = OnFailure::ALL
        .iter()
        .copied()
        .find(|known| known.as_str() == word);
    known.unwrap_or_else(|| {
        let at = fields.get("on_failure").map_or(fields.at, |node| node.at);
        let hint = did_you_mean(&word, OnFailure::ALL.iter().map(|known| known.as_str()));
        let message = format!("`on_failure` is abort, continue or rollback, not `{word}`{hint}");
        fields.error(at, &message);
        OnFailure::default()
    })
}

/// `retry: {count, delay, backoff, max_delay}`, or `retry_count` and `retry_delay` of the original.
pub(super) fn retry(fields: &mut Fields<'_>) -> Retry {
    let mut retry = Retry {
        count: fields.count("retry_count", 0.0).unwrap_or(0),
        delay_s: fields.at_least("retry_delay", 0.0).unwrap_or(RETRY_DELAY_S),
        backoff: 1.0,
        max_delay_s: MAX_RETRY_DELAY_S,
    };
    let Some(node) = fields.get("retry") else {
        return retry;
    };
    if !matches!(node.content, Content::Map(_)) {
        let message = "`retry` is a map with count, delay, backoff and max_delay, and is ignored: did you \
                       mean `retry_count`?";
        fields.warn(node.at, message);
        return retry;
    }
    let what = format!("{}, `retry`", fields.what);
    if let Some(mut inner) = Fields::new(what, node, fields.problems) {
        retry.count = inner.count("count", 0.0).unwrap_or(retry.count);
        retry.delay_s = inner.at_least("delay", 0.0).unwrap_or(retry.delay_s);
        retry.backoff = inner.at_least("backoff", 1.0).unwrap_or(retry.backoff);
        retry.max_delay_s = inner
            .at_least("max_delay", 0.0)
            .unwrap_or(retry.max_delay_s);
        inner.warn_of_others(
            &["count", "delay", "backoff", "max_delay"],
            &[
                ("attempts", "count"),
                ("max_attempts", "count"),
                ("delay_seconds", "delay"),
            ],
        );
    }
    retry
}

/// `for_each: LIST`, or a map with `items`, `as` and `concurrency`.
pub(super) fn for_each(fields: &mut Fields<'_>, node: &Node) -> Option<ForEach> {
    let plain = |items: Value| ForEach {
        items,
        name: "item".to_owned(),
        concurrency: 1,
    };
    match &node.content {
        Content::List(_) | Content::Text(_) => Some(plain(node.to_value())),
        Content::Map(_) => {
            let what = format!("{}, `for_each`", fields.what);
            let mut inner = Fields::new(what, node, fields.problems)?;
            let items = inner.value("items");
            if items.is_none() {
                inner.error(node.at, "`items` is missing");
            }
            let name = inner.text("as").unwrap_or_else(|| "item".to_owned());
            let concurrency = inner.count("concurrency", 1.0).unwrap_or(1);
            inner.warn_of_others(
                &["items", "as", "concurrency"],
                &[("name", "as"), ("parallel", "concurrency")],
            );
            let concurrency = usize::try_from(concurrency).unwrap_or(usize::MAX);
            Some(ForEach {
                items: items?,
                name,
                concurrency,
            })
        }
        Content::Null | Content::Bool(_) | Content::Number(_) => {
            let message = format!(
                "`for_each` must be a list or a template, not {}",
                node.describe()
            );
            fields.error(node.at, &message);
            None
        }
    }
}

/// `when`, as an expression.
pub(super) fn condition(fields: &mut Fields<'_>) -> Option<String> {
    let text = fields.text("when")?;
    if let Err(problem) = crate::template::check_expression(&text) {
        let at = fields.get("when").map_or(fields.at, |node| node.at);
        fields.error(at, &format!("`when`: {problem}"));
    }
    Some(text)
}
