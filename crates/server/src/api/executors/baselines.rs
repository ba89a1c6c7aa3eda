//! Executors fetch the pictures that steps compare with.

use axum::{
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use wire::playbooks::ExecutionInput;

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::extract::{Params, PathParams, run_id},
    library::playbook_path,
    refusal::Refusal,
};

/// Of which playbook, and who asks.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BaselineQuery {
    /// The executor that owns the lease.
    executor: String,
    /// The lease's token.
    token: i64,
    /// The playbook, one of those of the execution.
    playbook: String,
}

/// The picture that a playbook has for comparison under a name, as it is in the library now.
#[utoipa::path(get, path = "/api/runs/{id}/baselines/{name}", tag = "executors",
    params(("id" = String, Path, description = "Run id"),
        ("name" = String, Path, description = "Names the picture"), BaselineQuery),
    responses((status = 200, description = "A PNG", body = Vec<u8>, content_type = "image/png"),
        (status = 204, description = "There is none yet"),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams((id, name)): PathParams<(String, String)>,
    Params(of): Params<BaselineQuery>,
    identity: ExecutorIdentity,
) -> Result<Response, Refusal> {
    let id = run_id(&id)?;
    let holder = holder(&identity, &of.executor, of.token)?;
    let input = move |read: &mut store::Read<'_, '_>| {
        store::runs::owned(read, id, &holder, "compare a picture")?;
        store::runs::input(read, id)
    };
    let input = app.store.read(input).await.map_err(refuse)?;
    let input: Option<ExecutionInput> = serde_json::from_slice(&input).ok();
    if !input.is_some_and(|input| input.playbooks.contains_key(&of.playbook)) {
        return Err(Refusal::field("playbook", "is not one of the execution's"));
    }
    let picture = app
        .library
        .baseline(&playbook_path(&of.playbook)?, &name)
        .await?;
    Ok(match picture {
        Some(picture) => ([(header::CONTENT_TYPE, "image/png")], picture).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
