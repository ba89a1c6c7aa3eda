//! What browsers are told not to do with answers.

use axum::http::{HeaderMap, HeaderValue, header};

/// What no page of ours needs is off, unless the page says otherwise.
const POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Adds to an answer's headers what is not there.
pub(super) fn protect(headers: &mut HeaderMap) {
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(POLICY);
    headers
        .entry(header::X_CONTENT_TYPE_OPTIONS)
        .or_insert(const { HeaderValue::from_static("nosniff") });
    headers
        .entry(header::X_FRAME_OPTIONS)
        .or_insert(const { HeaderValue::from_static("DENY") });
    headers
        .entry(header::REFERRER_POLICY)
        .or_insert(const { HeaderValue::from_static("no-referrer") });
}
