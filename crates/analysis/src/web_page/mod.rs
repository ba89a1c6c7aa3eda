//! `web-page`: what an HTML page says about itself, where it leads, and its text.
//!
//! The page is read as a stream of tags, as the HTML standard reads characters, and no tree is built:
//! so the time and the memory grow with the size of the page, however deep it is nested.

mod address;
mod metric;
mod read;
mod text;

use serde_json::{Value, json};
use url::Url;

use crate::{Analysis, Numbers, Tally, Unusable, input};

pub use metric::{Heading, LinkKind, PageLink, PageStats, WebPage};

/// How many links and headings the output lists; all are counted.
const LISTED: usize = 1000;

/// Reads a page. `base` is its address, to tell its own links from those to elsewhere.
#[must_use]
pub fn read(html: &str, base: Option<&Url>) -> WebPage {
    read::page(html, base)
}

/// The call: a bare page, or `{"html": …, "url": …}`. It leaves `{"text", "title", "url", "links",
/// "headings"}` for the next plugin.
///
/// # Errors
/// There is no page, or `url` is no absolute address.
pub fn execute(input: &Value, _before: Option<&Value>) -> Result<Analysis, Unusable> {
    let html = input::text(input, "html")?;
    let base = match input.get("url") {
        None | Some(Value::Null) => None,
        Some(url) => Some(address::base(url)?),
    };
    let mut page = read(&html, base.as_ref());
    page.links.truncate(LISTED);
    page.headings.truncate(LISTED);
    Ok(Analysis {
        metric: json!(page.stats),
        output: Some(json!({
            "text": page.text,
            "title": page.stats.title,
            "url": base.as_ref().map(Url::as_str),
            "links": page.links,
            "headings": page.headings,
        })),
    })
}

/// Totals and means over several pages, in which languages they are, and how many lack what a page
/// should have.
#[must_use]
pub fn summarize(metrics: &[Value]) -> Value {
    const FIELDS: [&str; 8] = [
        "words",
        "internal_links",
        "external_links",
        "broken_links",
        "headings",
        "heading_skips",
        "images",
        "images_without_alt",
    ];
    let lacking = |field: &str| {
        let lacks = |metric: &&Value| metric.get(field).is_none_or(Value::is_null);
        metrics.iter().filter(lacks).count()
    };
    let mut summary = Numbers(&FIELDS).of(metrics);
    summary.insert(String::from("pages"), json!(metrics.len()));
    summary.insert(String::from("languages"), Tally("language").of(metrics));
    summary.insert(String::from("without_title"), json!(lacking("title")));
    summary.insert(
        String::from("without_description"),
        json!(lacking("description")),
    );
    Value::Object(summary)
}

#[cfg(test)]
mod tests;
