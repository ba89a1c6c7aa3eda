//! Schedules are made, changed and deleted.

use axum::{Extension, extract::State, http::StatusCode};
use store::{
    Batch,
    audit::{Actor, Target},
    schedules::{NextTime, ScheduleRow},
};
use wire::playbooks::{DeletedSchedule, NewSchedule, Schedule, ScheduleChange};

use super::{TRIES, contended, find_row, missing, view};
use crate::{
    access::{Principal, Scope},
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathParams},
    refusal::Refusal,
    schedules::{self, Definition},
};

/// Schedules at most: each is looked at by itself.
const SCHEDULES_LIMIT: i64 = 1_000;
/// Why one is disabled that a request disabled.
const ASKED_FOR: &str = "it was asked for";

/// Makes a schedule. What it starts is checked now, and again each time.
#[utoipa::path(post, path = "/api/schedules", tag = "schedules", request_body = NewSchedule,
    responses((status = 201, description = "The schedule", body = Schedule),
        (status = 400, description = "A field or a parameter is wrong"),
        (status = 404, description = "No such playbook or credential"),
        (status = 409, description = "There are too many schedules")))]
pub(crate) async fn create(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    Json(new): Json<NewSchedule>,
) -> Result<(StatusCode, axum::Json<Schedule>), Refusal> {
    principal.must_allow(Scope::PlaybooksExecute)?;
    let now = app.now_ms();
    let (name, enabled) = (new.name.clone(), new.enabled.unwrap_or(true));
    let definition = Definition::of(new, now)?;
    schedules::check(&app, &definition.start).await?;
    let mut row = ScheduleRow {
        id: app.clock.run_id().to_string(),
        name,
        body: definition.encode(),
        key_id: None,
        owner: String::new(),
        created_at: now,
        updated_at: now,
        version: 1,
        disabled: None,
        next: None,
        last_run: None,
        last_skipped_at: None,
        last_error: None,
    };
    owned(&mut row, &principal, &audit_context.actor);
    set_enabled(&mut row, &definition, enabled, now)?;
    let entry = audit_context.entry(now, Target::one("schedule", &row.id));
    let entry = entry.detail(&row.name);
    let made = row.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        store::schedules::create(batch, &made, SCHEDULES_LIMIT, &entry)
    };
    if !app.store.write(work).await? {
        let message = format!("there are {SCHEDULES_LIMIT} schedules, and there may be no more");
        return Err(Refusal::conflict(message));
    }
    app.schedules.notify_one();
    Ok((StatusCode::CREATED, axum::Json(view::schedule(row)?)))
}

/// Replaces a schedule. Its executions are started in the name of the key that changes it.
#[utoipa::path(put, path = "/api/schedules/{id}", tag = "schedules", request_body = NewSchedule,
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "The schedule as it is now", body = Schedule),
        (status = 400, description = "A field or a parameter is wrong"),
        (status = 404, description = "No such schedule, playbook or credential")))]
pub(crate) async fn replace(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
    Json(new): Json<NewSchedule>,
) -> Result<axum::Json<Schedule>, Refusal> {
    principal.must_allow(Scope::PlaybooksExecute)?;
    let change = |_: &ScheduleRow, _: Definition| Ok((new.clone(), true));
    edit(&app, &id, &principal, &audit_context, change).await
}

/// Changes what is named of a schedule, in the name of the key that changes it.
#[utoipa::path(patch, path = "/api/schedules/{id}", tag = "schedules", request_body = ScheduleChange,
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "The schedule as it is now", body = Schedule),
        (status = 400, description = "A field or a parameter is wrong"),
        (status = 404, description = "No such schedule, playbook or credential")))]
pub(crate) async fn change(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
    Json(wanted): Json<ScheduleChange>,
) -> Result<axum::Json<Schedule>, Refusal> {
    let disables = ScheduleChange {
        enabled: Some(false),
        ..ScheduleChange::default()
    };
    if wanted != disables {
        principal.must_allow(Scope::PlaybooksExecute)?;
    }
    let change = |row: &ScheduleRow, before: Definition| Ok(changed(row, before, wanted.clone()));
    edit(&app, &id, &principal, &audit_context, change).await
}

/// Enables a schedule that is disabled, and disables one that is not.
#[utoipa::path(post, path = "/api/schedules/{id}/toggle", tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "The schedule as it is now", body = Schedule),
        (status = 404, description = "No such schedule")))]
pub(crate) async fn toggle(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
) -> Result<axum::Json<Schedule>, Refusal> {
    let change = |row: &ScheduleRow, before: Definition| {
        let enabled = row.disabled.is_some();
        if enabled {
            principal.must_allow(Scope::PlaybooksExecute)?;
        }
        let wanted = ScheduleChange {
            enabled: Some(enabled),
            ..ScheduleChange::default()
        };
        Ok(changed(row, before, wanted))
    };
    edit(&app, &id, &principal, &audit_context, change).await
}

/// Deletes a schedule. What it started stays, and goes on.
#[utoipa::path(delete, path = "/api/schedules/{id}", tag = "schedules",
    params(("id" = String, Path, description = "Schedule id")),
    responses((status = 200, description = "Deleted", body = DeletedSchedule),
        (status = 404, description = "No such schedule")))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
) -> Result<axum::Json<DeletedSchedule>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::one("schedule", &id));
    let gone = id.clone();
    let work = move |batch: &mut Batch<'_, '_>| store::schedules::delete(batch, &gone, &entry);
    if !app.store.write(work).await? {
        return Err(missing(&id));
    }
    let message = "Schedule deleted successfully".to_owned();
    Ok(axum::Json(DeletedSchedule { message, id }))
}

/// Changes a schedule. `change` says what it is to be, and whether what it starts is to be checked.
async fn edit(
    app: &App,
    id: &str,
    principal: &Principal,
    audit_context: &AuditContext,
    change: impl Fn(&ScheduleRow, Definition) -> Result<(NewSchedule, bool), Refusal>,
) -> Result<axum::Json<Schedule>, Refusal> {
    for _ in 0..TRIES {
        let mut row = find_row(app, id).await?;
        let now = app.now_ms();
        let before = Definition::decode(&row.body)?;
        let (new, is_new_start) = change(&row, before.clone())?;
        let (name, enabled) = (new.name.clone(), new.enabled.unwrap_or(true));
        let mut after = Definition::of(new, now)?;
        after.timing.keep_from(&before.timing);
        if is_new_start {
            schedules::check(app, &after.start).await?;
        }
        if after.timing != before.timing || enabled != row.disabled.is_none() {
            set_enabled(&mut row, &after, enabled, now)?;
        }
        if enabled {
            owned(&mut row, principal, &audit_context.actor);
        }
        (row.name, row.body, row.updated_at) = (name, after.encode(), now);
        let entry = audit_context.clone();
        let entry = entry.entry(now, Target::one("schedule", id));
        let entry = entry.detail(if enabled { "enabled" } else { "disabled" });
        let work = move |batch: &mut Batch<'_, '_>| {
            let changed = store::schedules::change(batch, &row, &entry)?;
            let after = changed.then(|| store::schedules::find(&mut batch.read(), &row.id));
            Ok(after.transpose()?.flatten())
        };
        if let Some(row) = app.store.write(work).await? {
            app.schedules.notify_one();
            return Ok(axum::Json(view::schedule(row)?));
        }
    }
    Err(contended())
}

/// What a schedule is to be after a change of some of its fields, and whether what it starts is another.
fn changed(row: &ScheduleRow, before: Definition, wanted: ScheduleChange) -> (NewSchedule, bool) {
    let mut new = before.request(row.name.clone());
    new.enabled = Some(wanted.enabled.unwrap_or(row.disabled.is_none()));
    let is_new_start = wanted.playbook_path.is_some()
        || wanted.parameters.is_some()
        || wanted.gateway_url.is_some()
        || wanted.credential_name.is_some()
        || wanted.timeout_overrides.is_some();
    if wanted.cron.is_some() || wanted.every.is_some() {
        (new.cron, new.every) = (wanted.cron, wanted.every);
    }
    new.name = wanted.name.unwrap_or(new.name);
    new.playbook_path = wanted.playbook_path.unwrap_or(new.playbook_path);
    new.time_zone = wanted.time_zone.or(new.time_zone);
    new.overlap = wanted.overlap.or(new.overlap);
    new.catch_up = wanted.catch_up.or(new.catch_up);
    new.parameters = wanted.parameters.or(new.parameters);
    new.gateway_url = wanted.gateway_url.or(new.gateway_url);
    new.credential_name = wanted.credential_name.or(new.credential_name);
    new.timeout_overrides = wanted.timeout_overrides.or(new.timeout_overrides);
    new.labels = wanted.labels.unwrap_or(new.labels);
    (new, is_new_start)
}

/// From now on it starts executions in the name of whoever asks.
fn owned(row: &mut ScheduleRow, principal: &Principal, actor: &Actor) {
    row.key_id = principal.key().map(|key| key.id.clone());
    let name = if row.key_id.is_some() {
        &actor.name
    } else {
        &actor.id
    };
    row.owner.clone_from(name);
}

/// Its next time, from now on.
fn set_enabled(
    row: &mut ScheduleRow,
    definition: &Definition,
    enabled: bool,
    now: i64,
) -> Result<(), Refusal> {
    let next = definition.timing.times()?.after(now);
    let next = next.map(NextTime::at).filter(|_| enabled);
    row.next = next;
    row.disabled = next.is_none().then(|| (now, ASKED_FOR.to_owned()));
    Ok(())
}
