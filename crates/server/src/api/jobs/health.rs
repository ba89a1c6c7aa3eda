//! Is the server well?

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use wire::jobs::{ErrorBody, Health};

use super::{Error, admin};
use crate::app::App;

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

/// Metrics in the text format of OpenMetrics, which Prometheus reads.
#[utoipa::path(get, path = "/api/v1/metrics", tag = "admin",
    responses((status = 200, description = "Metrics", body = String,
            content_type = "application/openmetrics-text"),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn metrics(State(app): State<App>) -> Result<Response, Error> {
    let text = app
        .metrics
        .text(&app.store, admin::active_since(&app))
        .await?;
    let kind = [(
        header::CONTENT_TYPE,
        "application/openmetrics-text; version=1.0.0; charset=utf-8",
    )];
    Ok((kind, text).into_response())
}
