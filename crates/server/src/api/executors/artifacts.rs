//! Executors store what runs leave.

use axum::extract::{Request, State};
use store::artifacts::ARTIFACT_LIMIT;
use wire::{
    artifacts::{Artifact, check_name},
    executors::LeaseOf,
};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    api::artifacts::shown,
    app::App,
    http::body,
    http::extract::{Params, PathParams, run_id},
    refusal::Refusal,
};

/// Stores what a run leaves under a name, in place of an earlier artefact of that name. The same again
/// changes nothing.
#[utoipa::path(put, path = "/api/runs/{id}/artifacts/{*name}", tag = "executors",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("id" = String, Path, description = "Run id"),
        ("name" = String, Path, description = "A relative path, such as `report/index.html`"),
        ("executor" = String, Query, description = "The executor that owns the lease"),
        ("token" = i64, Query, description = "The lease's token")),
    responses((status = 200, description = "Stored", body = Artifact),
        (status = 400, description = "A parameter is wrong, or the upload broke off"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 408, description = "Nothing came for a minute"),
        (status = 409, description = "The run has too many artefacts"),
        (status = 413, description = "Too large"),
        (status = 503, description = "Too little of the disk is free")))]
pub(crate) async fn put(
    State(app): State<App>,
    PathParams((id, name)): PathParams<(String, String)>,
    Params(of): Params<LeaseOf>,
    identity: ExecutorIdentity,
    request: Request,
) -> Result<axum::Json<Artifact>, Refusal> {
    app.disk.must_have_room()?;
    let id = run_id(&id)?;
    check_name(&name).map_err(|message| Refusal::field("name", message))?;
    let holder = holder(&identity, &of.executor, of.token)?;
    // Before anything is received. The lease may still be lost on the way.
    let owner = holder.clone();
    let owned =
        move |read: &mut store::Read<'_, '_>| store::runs::owned(read, id, &owner, "artifact");
    app.store.read(owned).await.map_err(refuse)?;
    body::expected(&request, app.settings.upload_limit_bytes)?;
    let body = request.into_body().into_data_stream();
    let blob = app
        .blobs
        .upload(&app.store, app.now_ms(), body, true)
        .await?;
    let (now, uploaded) = (app.now_ms(), blob.clone());
    let stored = app
        .store
        .write(move |batch| store::artifacts::put(batch, id, &holder, (&name, &uploaded), now));
    // When it is refused, the sweep deletes the object.
    let Some(artifact) = stored.await.map_err(refuse)? else {
        let message = format!("a run has at most {ARTIFACT_LIMIT} artefacts");
        return Err(Refusal::conflict(message));
    };
    app.blobs.settle(&blob, &artifact.blob.object).await;
    Ok(axum::Json(shown(artifact)))
}
