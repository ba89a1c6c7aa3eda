//! Executors say what they can do.

use axum::extract::State;
use wire::executors::Registration;

use super::{refuse, registration};
use crate::{
    app::App,
    http::extract::{ExecutorId, Json},
    placement, playgrounds,
    plugin_directory::is_usable,
    refusal::Refusal,
};

/// The largest registration, in bytes.
const LIMIT: usize = 1 << 20;

/// Stores what an executor can do.
#[utoipa::path(put, path = "/api/executors/{executor}", tag = "executors",
    request_body = Registration, params(("executor" = String, Path, description = "Its name")),
    responses((status = 200, description = "Stored", body = Registration),
        (status = 400, description = "A field is wrong")))]
pub(crate) async fn register(
    State(app): State<App>,
    ExecutorId(executor): ExecutorId,
    Json(mut registration): Json<Registration, LIMIT>,
) -> Result<axum::Json<Registration>, Refusal> {
    registration::check(&registration)?;
    let usable = registration.plugins.iter().filter(|one| is_usable(one));
    let mut usable: Vec<String> = usable.map(|plugin| plugin.name.clone()).collect();
    usable.extend(placement::offered(&registration)?);
    usable.extend(playgrounds::registered(&app, &executor, &mut registration.playrooms).await?);
    let row = store::executors::Registered {
        name: executor.clone(),
        ip: registration.executor_ip.clone(),
        registration: serde_json::to_vec(&registration).unwrap_or_default(),
        capabilities: usable,
        now: app.now_ms(),
    };
    let work = move |batch: &mut store::Batch<'_, '_>| store::executors::register(batch, &row);
    app.store.write(work).await.map_err(refuse)?;
    app.readiness.registered(&executor);
    Ok(axum::Json(registration))
}
