//! Hooks are made, looked at, changed and deleted.

use axum::{extract::State, http::StatusCode};
use store::{audit::Target, hooks};
use url::Url;
use wire::hooks::{CreatedHook, Hook, HookChange, NewHook};

use super::view;
use crate::{
    app::App,
    audit::AuditContext,
    hooks::{Signer, check},
    http::extract::{Json, PathParams},
    refusal::Refusal,
};

/// Hooks at most, those of single jobs not counted: each event is compared with all of them.
const HOOKS_LIMIT: i64 = 100;

/// Makes a hook. It is sent what happens from now on.
#[utoipa::path(post, path = "/api/hooks", tag = "hooks", request_body = NewHook,
    responses((status = 201, description = "The hook, with its secret", body = CreatedHook),
        (status = 400, description = "A field is wrong"),
        (status = 409, description = "There are too many hooks")))]
pub(crate) async fn create(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(new): Json<NewHook>,
) -> Result<(StatusCode, axum::Json<CreatedHook>), Refusal> {
    let url = check::url(&app.ssrf_filter, "url", &new.url)?;
    let events = new.events.unwrap_or_else(|| vec!["*".to_owned()]);
    check::events(&events)?;
    let description = new.description.unwrap_or_default();
    check::description(&description)?;
    if let Some(secret) = &new.secret {
        check::secret("secret", secret)?;
    }
    let host = url.origin().ascii_serialization();
    let id = app.clock.run_id().to_string();
    let secret = new.secret.unwrap_or_else(Signer::draw);
    let sealer = app.vault.sealer(&app.store).await?;
    let hook = hooks::NewHook {
        secret: sealer.seal_hook(&id, &secret),
        id: id.clone(),
        url: url.into(),
        events,
        description,
    };
    let entry = audit_context.entry(app.now_ms(), Target::one("hook", &hook.id));
    let entry = entry.detail(host);
    let made = app
        .store
        .write(move |batch| hooks::create(batch, &hook, HOOKS_LIMIT, &entry))
        .await?;
    if !made {
        let detail = format!("there are {HOOKS_LIMIT} hooks already, and there may be no more");
        return Err(Refusal::conflict(detail));
    }
    let hook = view::hook(&find(&app, id).await?, app.now_ms());
    Ok((
        StatusCode::CREATED,
        axum::Json(CreatedHook { hook, secret }),
    ))
}

/// Lists hooks, oldest first; those of single jobs are not among them.
#[utoipa::path(get, path = "/api/hooks", tag = "hooks",
    responses((status = 200, description = "All hooks", body = Vec<Hook>)))]
pub(crate) async fn list(State(app): State<App>) -> Result<axum::Json<Vec<Hook>>, Refusal> {
    let hooks = app.store.read(hooks::list).await?;
    let now = app.now_ms();
    let shown = hooks.iter().map(|hook| view::hook(hook, now));
    Ok(axum::Json(shown.collect()))
}

/// One hook. The hook of a job has the job's id.
#[utoipa::path(get, path = "/api/hooks/{id}", tag = "hooks",
    params(("id" = String, Path, description = "Hook id")),
    responses((status = 200, description = "The hook", body = Hook),
        (status = 404, description = "No such hook")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Hook>, Refusal> {
    let hook = find(&app, id).await?;
    Ok(axum::Json(view::hook(&hook, app.now_ms())))
}

/// Changes a hook.
///
/// That of a job stays where the job's submit sends it: its `url` cannot be changed.
#[utoipa::path(patch, path = "/api/hooks/{id}", tag = "hooks", request_body = HookChange,
    params(("id" = String, Path, description = "Hook id")),
    responses((status = 200, description = "The hook as it is now", body = Hook),
        (status = 400, description = "A field is wrong"),
        (status = 404, description = "No such hook")))]
pub(crate) async fn change(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
    Json(wanted): Json<HookChange>,
) -> Result<axum::Json<Hook>, Refusal> {
    let url = wanted.url.as_deref();
    let url = url
        .map(|url| check::url(&app.ssrf_filter, "url", url))
        .transpose()?;
    if let Some(events) = &wanted.events {
        check::events(events)?;
    }
    if let Some(description) = &wanted.description {
        check::description(description)?;
    }
    if let Some(secret) = &wanted.secret {
        check::secret("secret", secret)?;
    }
    let changes = changes(&wanted, url.as_ref());
    let secret = match &wanted.secret {
        Some(secret) => Some(app.vault.sealer(&app.store).await?.seal_hook(&id, secret)),
        None => None,
    };
    let change = hooks::Change {
        url: url.map(String::from),
        events: wanted.events,
        description: wanted.description,
        secret,
        enabled: wanted.enabled,
    };
    let entry = audit_context.entry(app.now_ms(), Target::one("hook", &id));
    let entry = entry.detail(changes);
    let changed = app
        .store
        .write(move |batch| hooks::change(batch, &id, &change, &entry))
        .await?;
    // What was held back may go now.
    app.outbox.notify_one();
    match changed {
        hooks::Changed::Now(hook) => Ok(axum::Json(view::hook(&hook, app.now_ms()))),
        hooks::Changed::NoHook => Err(missing()),
        hooks::Changed::OfRun => Err(Refusal::bad_request(
            "url of a job's own hook cannot be changed: its headers are for the receiver that the job names",
        )),
    }
}

/// What is changed of a hook. With a URL or a secret anyone can send to the receiver: of the one
/// only the host is told, of the other nothing.
fn changes(wanted: &HookChange, url: Option<&Url>) -> String {
    let url = url.map(|url| format!("url {}", url.origin().ascii_serialization()));
    let events = wanted.events.as_ref();
    let enabled = wanted.enabled.map(|enabled| match enabled {
        true => "enabled".to_owned(),
        false => "disabled".to_owned(),
    });
    let changes = [
        url,
        events.map(|_| "events".to_owned()),
        wanted
            .description
            .as_ref()
            .map(|_| "description".to_owned()),
        wanted.secret.as_ref().map(|_| "secret".to_owned()),
        enabled,
    ];
    changes.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// Deletes a hook. Nothing more is sent to it.
#[utoipa::path(delete, path = "/api/hooks/{id}", tag = "hooks",
    params(("id" = String, Path, description = "Hook id")),
    responses((status = 204, description = "It is gone"),
        (status = 404, description = "No such hook")))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
) -> Result<StatusCode, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::one("hook", &id));
    let gone = app
        .store
        .write(move |batch| hooks::delete(batch, &id, &entry))
        .await?;
    gone.then_some(StatusCode::NO_CONTENT).ok_or_else(missing)
}

pub(super) async fn find(app: &App, id: String) -> Result<hooks::Hook, Refusal> {
    let found = app.store.read(move |read| hooks::find(read, &id)).await?;
    found.ok_or_else(missing)
}

pub(super) fn missing() -> Refusal {
    Refusal::not_found("no such hook")
}
