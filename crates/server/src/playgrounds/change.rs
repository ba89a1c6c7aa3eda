//! What a request changes of what is wanted of a playground.

use store::{
    Batch,
    audit::AuditEntry,
    playgrounds::{self, PlaygroundRow, PlaygroundUpdate},
};
use wire::playgrounds::{IdOrName, PlaygroundChange, PlaygroundLife};

use super::{
    FieldErrors, LIFETIMES, PlaygroundStatus as P, SpecBody, Wanted, WantedEnvironment,
    WantedHosts, busy, checked_name, create::spec_of, invalid_state, requested_expiry, row_status,
};
use crate::{app::App, refusal::Refusal};

/// All but those that are on their way out, and those that are done.
const ALLOWED: [P; 4] = [P::Running, P::HasChanges, P::Error, P::Stopped];

/// What the request makes of the playground.
pub(crate) async fn changed(
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
    let says = change.life != PlaygroundLife::default();
    let requested = requested_expiry(&change.life, now, &mut errors);
    let named = change.playspec_id.clone();
    let named = named.unwrap_or_else(|| IdOrName(row.playspec_id.to_string()));
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
    environment.check(spec_body.as_ref(), &mut errors);
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

/// Writes it, unless another playground has taken one of its hosts meanwhile; false when something else changed the
/// playground.
pub(crate) fn write_change(
    batch: &mut Batch<'_, '_>,
    hosts: &WantedHosts,
    (update, entry): (&PlaygroundUpdate, &AuditEntry),
) -> Result<Result<bool, Refusal>, store::Error> {
    match hosts.refused(batch)? {
        Some(refusal) => Ok(Err(refusal)),
        None => playgrounds::change(batch, update, entry).map(Ok),
    }
}
