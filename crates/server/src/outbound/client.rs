//! Posts to addresses that the guard permits, within a time, reading no more than a little.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use reqwest::redirect::Policy;
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::SsrfFilter;

/// What is read of an answer's body, in bytes: enough to tell a person what went wrong.
const EXCERPT_BYTES: usize = 4 * 1024;
/// Connections that are kept for the next call to the same host.
const IDLE_CONNECTIONS: usize = 4;
const IDLE_TIME: Duration = Duration::from_secs(5);

/// An HTTP client for addresses that others name. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    ssrf_filter: SsrfFilter,
    client: reqwest::Client,
}

/// One `POST`.
pub(crate) struct Call {
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// Until then the answer must have come.
    pub(crate) timeout: Duration,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct OutboundResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// The beginning of the body.
    pub(crate) excerpt: Vec<u8>,
}

impl Client {
    /// A client that calls what `guard` permits: no redirect is followed, no proxy is asked, so
    /// nothing is called that was not checked.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub(crate) fn new(ssrf_filter: &SsrfFilter) -> Result<Self, String> {
        wire::client::tls_ready();
        let client = reqwest::Client::builder()
            .dns_resolver(Arc::new(ssrf_filter.clone()))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(IDLE_CONNECTIONS)
            .pool_idle_timeout(IDLE_TIME)
            .user_agent(concat!("playhouse/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("no HTTP client can be made: {}", cause(&error)))?;
        Ok(Self {
            ssrf_filter: ssrf_filter.clone(),
            client,
        })
    }

    /// Makes the call. The error says why no answer came, without the URL, which may hold a secret.
    pub(crate) async fn post(&self, call: Call) -> Result<OutboundResponse, String> {
        self.ssrf_filter
            .check(&call.url)
            .map_err(|refused| refused.to_string())?;
        let until = Instant::now() + call.timeout;
        let request = self
            .client
            .post(call.url)
            .headers(call.headers)
            .body(call.body);
        let mut response = match timeout_at(until, request.send()).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(cause(&error)),
            Err(_) => return Err(format!("no answer within {:?}", call.timeout)),
        };
        let mut excerpt = Vec::new();
        // A body that is long, slow or broken does not change what the status says.
        while excerpt.len() < EXCERPT_BYTES {
            match timeout_at(until, response.chunk()).await {
                Ok(Ok(Some(chunk))) => excerpt.extend_from_slice(&chunk),
                _ => break,
            }
        }
        excerpt.truncate(EXCERPT_BYTES);
        Ok(OutboundResponse {
            status: response.status(),
            headers: response.headers().clone(),
            excerpt,
        })
    }
}

/// The innermost cause: `reqwest` itself says only that something failed.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if std::ptr::addr_eq(cause, error) {
        // Its own text may hold the URL.
        return "the request failed".to_owned();
    }
    cause.to_string()
}
