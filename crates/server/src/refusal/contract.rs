//! How a contract writes refusals.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;
use utoipa::openapi::{RefOr, schema::Schema};

use super::{Refusal, RefusalKind};

/// How a contract writes refusals.
pub(crate) struct Contract {
    /// What the paths of the contract begin with.
    pub(crate) roots: &'static [&'static str],
    pub(crate) media_type: &'static str,
    /// The status and the body.
    pub(crate) body: fn(&Refusal) -> (StatusCode, String),
    /// The schema of the body.
    pub(crate) schema: fn() -> RefOr<Schema>,
}

impl Contract {
    /// Whether a path belongs to the contract.
    pub(crate) fn has(&self, path: &str) -> bool {
        let below = |root: &&str| {
            path.strip_prefix(*root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        self.roots.iter().any(below)
    }

    /// Writes the refusal that a response stands for; leaves any other response alone.
    pub(crate) fn render(&self, mut response: Response) -> Response {
        let Some(refusal) = response.extensions_mut().remove::<Refusal>() else {
            return response;
        };
        let (status, body) = (self.body)(&refusal);
        *response.status_mut() = status;
        // What other layers have set stays.
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_LENGTH, body.len().into());
        let media_type = HeaderValue::from_static(self.media_type);
        headers.insert(header::CONTENT_TYPE, media_type);
        match refusal.kind {
            RefusalKind::Unauthorized => challenge(headers),
            RefusalKind::RateLimited { retry_after_ms } => retry_after(headers, retry_after_ms),
            _ => {}
        }
        *response.body_mut() = Body::from(body);
        response
    }
}

/// How to show a key.
fn challenge(headers: &mut HeaderMap) {
    headers.remove(header::WWW_AUTHENTICATE);
    for scheme in ["Bearer", "ApiKey"] {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
    }
}

/// When to ask again, in whole seconds.
fn retry_after(headers: &mut HeaderMap, wait_ms: i64) {
    let seconds = wait_ms.max(1).saturating_add(999) / 1_000;
    headers.insert(header::RETRY_AFTER, seconds.into());
}

/// A body of strings and numbers, which has a JSON form.
pub(crate) fn to_string(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_default()
}
