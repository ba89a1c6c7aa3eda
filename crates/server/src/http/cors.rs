//! What browsers are told of pages of other sites that may ask. Without such sites they are told nothing, and
//! show no page of another site what we answer.

use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::CorsLayer;
use url::Url;

/// So long a browser need not ask again.
const MAX_AGE: Duration = Duration::from_secs(600);

/// Puts the headers for these origins on answers, and answers what a browser asks before it sends a
/// request; nothing when there are none. A page shows its key in a header, so it never needs the browser's
/// credentials.
pub(crate) fn layer(origins: &[String]) -> Option<CorsLayer> {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|one| one.parse().ok()).collect();
    if origins.is_empty() {
        return None;
    }
    let name = HeaderName::from_static;
    let methods = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
    ];
    let theirs = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        name("x-api-key"),
        name("idempotency-key"),
        name("last-event-id"),
        name("prefer"),
    ];
    let ours = [
        header::ALLOW,
        header::LINK,
        header::RETRY_AFTER,
        name("ratelimit"),
        name("ratelimit-policy"),
        name("x-request-id"),
    ];
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods(methods)
        .allow_headers(theirs)
        .expose_headers(ours)
        .max_age(MAX_AGE);
    Some(layer)
}

/// An origin as browsers write it; nothing of a text that has a wildcard, or more than a scheme, a host and
/// a port.
#[must_use]
pub fn origin(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let origin = url.origin().ascii_serialization();
    // A URL without a path has the path `/`.
    let bare = url.as_str().strip_suffix('/') == Some(&origin);
    (bare && matches!(url.scheme(), "http" | "https") && !text.contains('*')).then_some(origin)
}
