//! The audit is looked at and verified.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, header},
};
use wire::audit::{AuditLine, AuditQuery, AuditVerified};

use crate::{app::App, audit::view, http::extract::Params, refusal::Refusal};

/// Lists lines: newest first, or in order from a number on. A filter that matches little may give
/// pages with few lines or none: `Link` says whether others follow.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of lines; `Link` names the next",
            body = Vec<AuditLine>),
        (status = 400, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(query): Params<AuditQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<AuditLine>>), Refusal> {
    let filter = view::filter(&query).map_err(Refusal::bad_request)?;
    let found = app
        .store
        .read(move |read| store::audit::find(read, &filter))
        .await?;
    let (lines, next) = view::page(&query, found);
    let mut headers = HeaderMap::new();
    let link = next.and_then(|next| link(&next));
    headers.extend(link.map(|link| (header::LINK, link)));
    Ok((headers, axum::Json(lines)))
}

/// The link to a page.
fn link(query: &AuditQuery) -> Option<HeaderValue> {
    let mut link = url::form_urlencoded::Serializer::new(String::new());
    let texts = [
        ("actor", &query.actor),
        ("action", &query.action),
        ("target", &query.target),
        ("outcome", &query.outcome),
        ("since", &query.since),
        ("until", &query.until),
    ];
    for (name, value) in texts {
        if let Some(value) = value {
            link.append_pair(name, value);
        }
    }
    let numbers = [
        ("limit", query.limit),
        ("after", query.after),
        ("before", query.before),
    ];
    for (name, value) in numbers {
        if let Some(value) = value {
            link.append_pair(name, &value.to_string());
        }
    }
    HeaderValue::from_str(&format!("</api/audit?{}>; rel=\"next\"", link.finish())).ok()
}

/// Follows the whole chain: whether every line is there and as it was written. It reads all lines.
#[utoipa::path(get, path = "/api/audit/verify", tag = "audit",
    responses((status = 200, description = "What was found", body = AuditVerified)))]
pub(crate) async fn verify(State(app): State<App>) -> Result<axum::Json<AuditVerified>, Refusal> {
    let found = store::audit::verify(&app.store).await?;
    if let Some(broken) = &found.broken {
        let (number, reason) = (broken.number, broken.reason);
        tracing::error!(number, reason, "the audit is broken");
    }
    Ok(axum::Json(view::verified(found)))
}
