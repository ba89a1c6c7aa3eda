//! Is the server well?

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use wire::playbooks::Health;

use crate::app::App;

/// Whether the server reaches its database, and since when it runs.
#[utoipa::path(get, path = "/api/health", tag = "playbooks",
    responses((status = 200, description = "It does", body = Health),
        (status = 503, description = "It does not", body = Health)))]
pub(crate) async fn health(State(app): State<App>) -> Response {
    let (code, body) = of(&app).await;
    (code, axum::Json(body)).into_response()
}

/// Status and body of the health.
pub(super) async fn of(app: &App) -> (StatusCode, Health) {
    let found = app.store.read(store::events::extent).await;
    let (code, status) = match found {
        Ok(_) => (StatusCode::OK, "healthy"),
        Err(error) => {
            tracing::error!(%error, "unhealthy");
            (StatusCode::SERVICE_UNAVAILABLE, "unhealthy")
        }
    };
    let uptime_ms = app.now_ms().saturating_sub(app.started_at_ms);
    let body = Health {
        status: status.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        uptime_seconds: uptime_ms.max(0) / 1_000,
    };
    (code, body)
}
