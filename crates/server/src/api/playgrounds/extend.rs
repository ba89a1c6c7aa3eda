//! The time of playgrounds is extended.

use axum::extract::State;
use store::{Batch, audit::Target, playgrounds};
use wire::{
    Timestamp,
    playgrounds::{ExtendExpiration, Extended},
};

use super::body::OptionalJson;
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::PathParams,
    playgrounds::{PlaygroundStatus as P, invalid, invalid_state, life_of, row_of, row_status},
    refusal::Refusal,
};

const HOURS: i64 = 8;
/// A year.
const HOURS_LIMIT: i64 = 8_760;
/// How often it is tried again when something else changes the playground.
const TRIES: usize = 5;

const ALLOWED: [P; 5] = [
    P::Pending,
    P::InProgress,
    P::Running,
    P::HasChanges,
    P::Error,
];

/// Extends the time of a playground: from its end, or from now when that has passed. One that never expires stays
/// so.
#[utoipa::path(post, path = "/api/playgrounds/{id}/extend_expiration", tag = "playgrounds",
    request_body = Option<ExtendExpiration>,
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "Its new end", body = Extended),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playground"),
        (status = 409, description = "It was changed at the same time"),
        (status = 422, description = "A field is wrong, or its status does not allow it")))]
pub(crate) async fn extend(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    OptionalJson(request): OptionalJson<ExtendExpiration>,
) -> Result<axum::Json<Extended>, Refusal> {
    let hours = request.duration_hours.unwrap_or(HOURS);
    let Some(hours) = u32::try_from(hours)
        .ok()
        .filter(|hours| (1..=HOURS_LIMIT).contains(&i64::from(*hours)))
    else {
        let message = format!("must be from 1 to {HOURS_LIMIT}");
        return Err(invalid("duration_hours", message));
    };
    for _ in 0..TRIES {
        let row = row_of(&app, &id).await?;
        let (status, _) = row_status(&row)?;
        if !ALLOWED.contains(&status) {
            return Err(invalid_state("an extension", status, &ALLOWED, false));
        }
        let (life, now) = (life_of(&row), app.now_ms());
        let Some(expires_at) = life.extended(hours, now) else {
            // It never expires.
            return Ok(axum::Json(extended(row.id, None, now)));
        };
        let (id, version) = (row.id, row.version);
        let target = Target::one("playground", id.to_string());
        let entry = audit_context
            .clone()
            .entry(now, target)
            .detail(format!("by {hours} h: {}", row.name));
        let work = move |batch: &mut Batch<'_, '_>| {
            playgrounds::extend(batch, (id, version), expires_at, &entry)
        };
        if app.store.write(work).await? {
            return Ok(axum::Json(extended(id, Some(expires_at), now)));
        }
    }
    Err(Refusal::conflict(
        "the playground was changed at the same time: try again",
    ))
}

fn extended(id: i64, expires_at: Option<i64>, now: i64) -> Extended {
    let life = playground::lifetime::Lifetime {
        started_at: now,
        expires_at,
    };
    Extended {
        id,
        expires_at: expires_at.map(Timestamp),
        time_remaining: life.time_remaining(now),
    }
}
