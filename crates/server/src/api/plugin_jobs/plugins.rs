//! The plugins that there are.

use axum::extract::State;
use wire::plugin_jobs::{ErrorBody, Plugin};

use crate::{app::App, refusal::Refusal};

/// The plugins that executors have, broken and disabled ones too, in the order of jobs that name none.
#[utoipa::path(get, path = "/playground/plugins", tag = "plugin jobs",
    responses((status = 200, description = "The plugins", body = Vec<Plugin>),
        (status = 500, description = "The database did not answer", body = ErrorBody)))]
pub(crate) async fn list(State(app): State<App>) -> Result<axum::Json<Vec<Plugin>>, Refusal> {
    Ok(axum::Json(
        app.plugins
            .read(&app.store, app.active_since())
            .await?
            .plugins(),
    ))
}
