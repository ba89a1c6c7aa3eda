//! What is wanted of a playground is changed.

use axum::{
    Extension,
    extract::{Request, State},
    http::HeaderMap,
};
use store::{
    Batch, Read,
    audit::Target,
    playgrounds::{self, PlaygroundRow, PlaygroundUpdate},
};
use wire::{
    Object,
    playgrounds::{ChangePlayground, Playground, PlaygroundChange},
};

use super::{create::spec_of, replay, show};
use crate::{
    access::Principal,
    app::App,
    audit::AuditContext,
    http::{body, extract::PathParams, json},
    playgrounds::{
        FieldErrors, LIFETIMES, PlaygroundStatus as P, SpecBody, Wanted, WantedEnvironment,
        WantedHosts, busy, checked_name, invalid, invalid_state, requested_expiry, row_of,
        row_status,
    },
    refusal::Refusal,
};

/// How often it is tried again when something else changes the playground.
const TRIES: usize = 5;
/// All but those that are on their way out, and those that are done.
const ALLOWED: [P; 4] = [P::Running, P::HasChanges, P::Error, P::Stopped];

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
        let work = move |batch: &mut Batch<'_, '_>| match hosts.refused(batch)? {
            Some(refusal) => Ok(Err(refusal)),
            None => playgrounds::change(batch, &change, &entry).map(Ok),
        };
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

/// What the request makes of the playground.
async fn changed(
    app: &App,
    row: &PlaygroundRow,
    change: PlaygroundChange,
) -> Result<(PlaygroundUpdate, WantedHosts), Refusal> {
    if !row.last.status.is_terminal() {
        return Err(busy(&row.last.run.to_string(), &row.last.action));
    }
    let (status, _) = row_status(row)?;
    if !ALLOWED.contains(&status) {
        return Err(invalid_state("a change", status, &ALLOWED, false));
    }
    let (mut errors, now) = (FieldErrors::default(), app.now_ms());
    let name = change.name.clone().unwrap_or_else(|| row.name.clone());
    errors.note("name", checked_name(&name));
    let says = change.life != wire::playgrounds::PlaygroundLife::default();
    let requested = requested_expiry(&change.life, now, &mut errors);
    let named = change.playspec_id.clone();
    let named = named.unwrap_or_else(|| wire::playgrounds::IdOrName(row.playspec_id.to_string()));
    let spec = spec_of(app, Some(&named), &mut errors).await?;
    let sealer = app.vault.sealer(&app.store).await?;
    let before: WantedEnvironment = sealer.open_of_playground(row.id, &row.sealed)?;
    let wanted_before = Wanted::of(row)?;
    let (wanted, environment) = wanted_before.clone().changed(before.clone(), change);
    let spec_body = spec
        .as_ref()
        .map(|(row, _)| SpecBody::of(row))
        .transpose()?;
    let known = spec_body.as_ref().and_then(SpecBody::known_services);
    wanted.check(known.as_ref(), &mut errors);
    environment.check(&mut errors);
    let body = spec_body.unwrap_or_default();
    let hosts = WantedHosts::of(
        (Some(row.id), row.playroom_id),
        (&body, &wanted, row.job_mode),
        &mut errors,
    );
    hosts.note_conflicts(app, &mut errors).await?;
    errors.refuse()?;
    let playspec_id = spec.map_or(row.playspec_id, |(spec, _)| spec.id);
    let same_environment = environment == before;
    let differs = wanted != wanted_before || !same_environment || playspec_id != row.playspec_id;
    let update = PlaygroundUpdate {
        id: row.id,
        version: row.version,
        name,
        playspec_id,
        body: wanted.encode(),
        sealed: match same_environment {
            true => row.sealed.clone(),
            false => sealer.seal_of_playground(row.id, &environment),
        },
        differs,
        expires_at: match says {
            true => LIFETIMES.expires_at(requested, row.job_mode, now),
            false => row.expires_at,
        },
        now,
    };
    Ok((update, hosts))
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
