//! Is the server well?

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use wire::jobs::{ErrorBody, Health};

use crate::{app::App, refusal::Refusal};

const OPEN_METRICS: &str = "application/openmetrics-text";

/// Whether the server reaches its database.
#[utoipa::path(get, path = "/api/v1/health", tag = "admin",
    responses((status = 200, description = "It does", body = Health),
        (status = 500, description = "It does not", body = Health)))]
pub(crate) async fn health(State(app): State<App>) -> Response {
    let (code, status, database) = match app.store.read(store::events::extent).await {
        Ok(_) => (StatusCode::OK, "healthy", "connected"),
        Err(error) => {
            tracing::error!(%error, "unhealthy");
            (
                StatusCode::INTERNAL_SERVER_ERROR,
                "unhealthy",
                "disconnected",
            )
        }
    };
    let body = Health {
        status: status.to_owned(),
        database: database.to_owned(),
    };
    (code, axum::Json(body)).into_response()
}

/// Metrics in the text format of Prometheus. Who asks for OpenMetrics is told that it is that, which it
/// is too.
#[utoipa::path(get, path = "/api/v1/metrics", tag = "admin",
    responses((status = 200, description = "Metrics", body = String,
            content_type = "text/plain"),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn metrics(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let text = app.metrics.text(&app.store, app.active_since()).await?;
    let mut accepted = headers.get_all(header::ACCEPT).iter();
    let is_asked_for = accepted.any(|value| value.to_str().unwrap_or("").contains(OPEN_METRICS));
    let kind = match is_asked_for {
        true => format!("{OPEN_METRICS}; version=1.0.0; charset=utf-8"),
        false => "text/plain; version=0.0.4; charset=utf-8".to_owned(),
    };
    Ok(([(header::CONTENT_TYPE, kind)], text).into_response())
}
