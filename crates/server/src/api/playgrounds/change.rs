//! What is wanted of a playground is changed.

use axum::{
    Extension,
    extract::{Request, State},
    http::HeaderMap,
};
use store::{Batch, Read, audit::Target, playgrounds};
use wire::{
    Object,
    playgrounds::{ChangePlayground, Playground},
};

use super::{replay, show};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::{body, extract::PathParams, json},
    playgrounds::{changed, invalid, row_of, write_change},
    refusal::Refusal,
};

/// How often it is tried again when something else changes the playground.
const TRIES: usize = 5;

/// Changes what is wanted of a playground. Nothing is done for it: the next rollout or restart applies it.
#[utoipa::path(patch, path = "/api/playgrounds/{id}", tag = "playgrounds",
    request_body = ChangePlayground,
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playground", body = Playground),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playground"),
        (status = 409, description = "An operation has not ended, or it was changed at the same time"),
        (status = 422, description = "A field is wrong, or its status does not allow it")))]
pub(crate) async fn change(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    request: Request,
) -> Result<(HeaderMap, axum::Json<Playground>), Refusal> {
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let Object(ChangePlayground { playground: wanted }) = json::parse(&bytes)?;
    for _ in 0..TRIES {
        let row = row_of(&app, &id).await?;
        let (change, hosts) = changed(&app, &row, wanted.clone()).await?;
        let target = Target::one("playground", row.id.to_string());
        let entry = audit_context
            .clone()
            .entry(change.now, target)
            .detail(&change.name);
        let (name, renamed) = (change.name.clone(), change.name != row.name);
        let work = move |batch: &mut Batch<'_, '_>| write_change(batch, &hosts, (&change, &entry));
        if app.store.write(work).await?? {
            let shown = show::shown(&app, &principal, row.id).await?;
            return Ok((replay::headers(false), axum::Json(shown)));
        }
        if renamed {
            name_is_free(&app, &name, row.id).await?;
        }
    }
    Err(Refusal::conflict(
        "the playground was changed at the same time: try again",
    ))
}

/// Refuses a name that another playground has.
async fn name_is_free(app: &App, name: &str, id: i64) -> Result<(), Refusal> {
    let wanted = name.to_owned();
    let other = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::find_named(read, &wanted))
        .await?;
    match other.filter(|other| other.id != id) {
        Some(other) => Err(invalid(
            "name",
            format!("has already been taken by playground {}", other.id),
        )),
        None => Ok(()),
    }
}
