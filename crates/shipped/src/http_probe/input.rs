//! What is probed, and how.

use std::time::Duration;

use analysis::Unusable;
use http::Method;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

const MOST_URLS: usize = 500;
const MOST_AT_ONCE: usize = 64;
const LONGEST_MS: u64 = 60_000;

/// A checked input.
#[derive(Debug)]
pub(super) struct ProbeInput {
    pub(super) urls: Vec<Url>,
    pub(super) method: Method,
    /// Of one probe.
    pub(super) timeout: Duration,
    /// How many probes at once.
    pub(super) concurrency: usize,
    /// PEM: authorities that are trusted beside those of the system.
    pub(super) ca: Option<String>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected an address, a list of them, or an object with `urls`"
)]
enum Written {
    One(String),
    Many(Vec<String>),
    Full(Full),
}

/// Other fields are for other plugins of the job.
#[derive(Deserialize)]
struct Full {
    urls: Vec<String>,
    #[serde(default = "get")]
    method: String,
    #[serde(default = "ten_seconds")]
    timeout_ms: u64,
    #[serde(default = "eight")]
    concurrency: usize,
    ca: Option<String>,
}

fn get() -> String {
    String::from("GET")
}

fn ten_seconds() -> u64 {
    10_000
}

fn eight() -> usize {
    8
}

impl ProbeInput {
    pub(super) fn read(input: &Value) -> Result<Self, Unusable> {
        let full = match Written::deserialize(input).map_err(|error| refused(error.to_string()))? {
            Written::One(url) => Full::of(vec![url]),
            Written::Many(urls) => Full::of(urls),
            Written::Full(full) => full,
        };
        let method = match full.method.as_str() {
            "GET" => Method::GET,
            "HEAD" => Method::HEAD,
            other => return Err(refused(format!("`method` is GET or HEAD, not {other:?}"))),
        };
        if full.urls.is_empty() || full.urls.len() > MOST_URLS {
            return Err(refused(format!("`urls` has 1 to {MOST_URLS} addresses")));
        }
        if !(1..=LONGEST_MS).contains(&full.timeout_ms) {
            return Err(refused(format!("`timeout_ms` is 1 to {LONGEST_MS}")));
        }
        if !(1..=MOST_AT_ONCE).contains(&full.concurrency) {
            return Err(refused(format!("`concurrency` is 1 to {MOST_AT_ONCE}")));
        }
        let urls: Result<Vec<Url>, Unusable> = full.urls.iter().map(|url| address(url)).collect();
        Ok(Self {
            urls: urls?,
            method,
            timeout: Duration::from_millis(full.timeout_ms),
            concurrency: full.concurrency,
            ca: full.ca,
        })
    }
}

impl Full {
    fn of(urls: Vec<String>) -> Self {
        Self {
            urls,
            method: get(),
            timeout_ms: ten_seconds(),
            concurrency: eight(),
            ca: None,
        }
    }
}

fn address(text: &str) -> Result<Url, Unusable> {
    let url = Url::parse(text).map_err(|error| refused(format!("{text:?}: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused(format!("{text:?} is no web address")));
    }
    // They would stand in the result.
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("an address must not hold a name or a password"));
    }
    Ok(url)
}

fn refused(why: impl Into<String>) -> Unusable {
    Unusable(why.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_form_is_read() {
        let url = "https://example.org/";
        for input in [
            json!(url),
            json!([url]),
            json!({"urls": [url], "text": "for others"}),
        ] {
            let read = ProbeInput::read(&input).unwrap();
            assert_eq!(read.urls.len(), 1);
            assert_eq!(read.concurrency, 8);
            assert_eq!(read.method, Method::GET);
        }
        let read =
            ProbeInput::read(&json!({"urls": [url, url], "method": "HEAD", "timeout_ms": 5}));
        assert_eq!(read.unwrap().timeout, Duration::from_millis(5));
    }

    #[test]
    fn anything_else_is_refused() {
        let url = "https://example.org/";
        for input in [
            json!(7),
            json!([]),
            json!({}),
            json!("example.org"),
            json!("ftp://example.org"),
            json!("https://name:word@example.org"),
            json!(vec![url; 501]),
            json!({"urls": [url], "method": "DELETE"}),
            json!({"urls": [url], "timeout_ms": 0}),
            json!({"urls": [url], "timeout_ms": 60_001}),
            json!({"urls": [url], "concurrency": 65}),
            json!({"urls": [url], "concurrency": -1}),
        ] {
            assert!(ProbeInput::read(&input).is_err(), "{input}");
        }
    }
}
