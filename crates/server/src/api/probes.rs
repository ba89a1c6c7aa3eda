//! What an orchestrator asks: does it live, and may it be sent requests?

use axum::extract::State;

use crate::{
    app::App,
    refusal::{Refusal, RefusalKind},
};

/// Answers as long as the process does.
#[utoipa::path(get, path = "/livez", tag = "admin",
    responses((status = 200, description = "It lives", body = String)))]
pub(crate) async fn live() -> &'static str {
    "ok\n"
}

/// Whether the server can write to its database, which it tries every few seconds at most, has the executor that it waits for, and is not about to
/// stop.
#[utoipa::path(get, path = "/readyz", tag = "admin",
    responses((status = 200, description = "Send it requests", body = String),
        (status = 503, description = "Do not send it requests")))]
pub(crate) async fn ready(State(app): State<App>) -> Result<String, Refusal> {
    let not = |message: &str| Refusal::new(RefusalKind::Unavailable, message);
    if app.draining.is_cancelled() || app.stopping.is_cancelled() {
        return Err(not("the server is about to stop"));
    }
    if !app.readiness.is_there() {
        return Err(not("the built-in executor is not there yet"));
    }
    // It is sent requests all the same: ends of runs are to come through.
    let full = app.disk.shortage().map(|why| format!("ok, but {why}\n"));
    match app.readiness.can_write(&app.store, app.now_ms()).await {
        Ok(()) => Ok(full.unwrap_or_else(|| "ok\n".to_owned())),
        Err(error) => {
            tracing::warn!(%error, "not ready");
            Err(not("nothing can be written to the database"))
        }
    }
}
