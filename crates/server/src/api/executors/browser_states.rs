//! Executors save what a browser is for a later execution, and load it.

use axum::{
    body::Bytes,
    extract::{Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::{Holder, RunId};
use store::{
    Batch, Read,
    audit::{AuditEntry, Outcome, Target},
    browser_states::BrowserStateRow,
};
use wire::{executors::LeaseOf, playbooks::ExecutionInput};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    audit::AuditContext,
    http::{
        body, check,
        extract::{Params, PathParams, run_id},
    },
    refusal::{Refusal, RefusalKind},
};

/// Cookies and local storage of all sites.
const LIMIT_BYTES: usize = 4 << 20;

/// Saves what a browser is under a name, sealed by the vault, in place of an earlier state of this name.
#[utoipa::path(put, path = "/api/runs/{id}/browser-states/{name}", tag = "executors",
    request_body(content = Vec<u8>, content_type = "application/json"),
    params(("id" = String, Path, description = "Run id"),
        ("name" = String, Path, description = "Names the state"),
        ("executor" = String, Query, description = "The executor that owns the lease"),
        ("token" = i64, Query, description = "The lease's token")),
    responses((status = 204, description = "Saved"),
        (status = 400, description = "A parameter is wrong"),
        (status = 403, description = "The execution names no such state"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 413, description = "Larger than 4 MiB")))]
pub(crate) async fn save(
    State(app): State<App>,
    PathParams((id, name)): PathParams<(String, String)>,
    Params(of): Params<LeaseOf>,
    identity: ExecutorIdentity,
    audit_context: AuditContext,
    request: Request,
) -> Result<StatusCode, Refusal> {
    let id = run_id(&id)?;
    check::name("name", &name)?;
    let holder = holder(&identity, &of.executor, of.token)?;
    let state = body::read(request, LIMIT_BYTES).await?;
    let sealer = app.vault.sealer(&app.store).await?;
    let sealed = sealer.seal(&sealed_name(&name), &state);
    let entry = entry(&app, audit_context, (id, &name));
    let row = BrowserStateRow {
        name,
        run_id: id,
        saved_at: app.now_ms(),
    };
    let save = move |batch: &mut Batch<'_, '_>| {
        if !may_use(&mut batch.read(), id, &holder, &row.name)? {
            return Ok(Err(forbidden(&row.name)));
        }
        batch.record(&entry);
        store::browser_states::save(batch, &row, &sealed).map(Ok)
    };
    app.store.write(save).await.map_err(refuse)??;
    Ok(StatusCode::NO_CONTENT)
}

/// What a browser was that was saved under a name.
#[utoipa::path(get, path = "/api/runs/{id}/browser-states/{name}", tag = "executors",
    params(("id" = String, Path, description = "Run id"),
        ("name" = String, Path, description = "Names the state"),
        ("executor" = String, Query, description = "The executor that owns the lease"),
        ("token" = i64, Query, description = "The lease's token")),
    responses((status = 200, description = "Its JSON", body = Vec<u8>, content_type = "application/json"),
        (status = 400, description = "A parameter is wrong"),
        (status = 403, description = "The execution names no such state"),
        (status = 404, description = "No such state, no such run, or its lease is another's")))]
pub(crate) async fn load(
    State(app): State<App>,
    PathParams((id, name)): PathParams<(String, String)>,
    Params(of): Params<LeaseOf>,
    identity: ExecutorIdentity,
    audit_context: AuditContext,
) -> Result<Response, Refusal> {
    let id = run_id(&id)?;
    let holder = holder(&identity, &of.executor, of.token)?;
    let entry = entry(&app, audit_context, (id, &name));
    let sealed = sealed(&app, (id, holder), name.clone(), entry).await?;
    let Some(sealed) = sealed else {
        return Err(Refusal::not_found(format!(
            "no browser state `{name}` was saved"
        )));
    };
    let sealer = app.vault.sealer(&app.store).await?;
    let state = sealer.open(&sealed_name(&name), &sealed);
    let state = state.ok_or_else(|| Refusal::internal("the browser state cannot be opened"))?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((json, Bytes::from(state)).into_response())
}

async fn sealed(
    app: &App,
    (id, holder): (RunId, Holder),
    name: String,
    entry: AuditEntry,
) -> Result<Option<Vec<u8>>, Refusal> {
    let find = move |batch: &mut Batch<'_, '_>| {
        let read = &mut batch.read();
        if !may_use(read, id, &holder, &name)? {
            batch.record(&AuditEntry {
                outcome: Outcome::Refused,
                ..entry.clone()
            });
            return Ok(Err(forbidden(&name)));
        }
        let sealed = store::browser_states::sealed(read, &name)?;
        if sealed.is_some() {
            batch.record(&entry);
        }
        Ok(Ok(sealed))
    };
    app.store.write(find).await.map_err(refuse)?
}

/// Whether the owner of the lease may use a state of this name: the execution's playbooks or its parameters have it,
/// as with credentials.
fn may_use(
    read: &mut Read<'_, '_>,
    id: RunId,
    holder: &Holder,
    name: &str,
) -> Result<bool, store::Error> {
    store::runs::owned(read, id, holder, "use a browser state")?;
    let input = store::runs::input(read, id)?;
    let input: Option<ExecutionInput> = serde_json::from_slice(&input).ok();
    Ok(input.is_some_and(|input| {
        let mut parameters = input.parameters.values();
        input.playbooks.values().any(|text| text.contains(name))
            || parameters.any(|value| value.as_str() == Some(name))
    }))
}

fn forbidden(name: &str) -> Refusal {
    let message = format!(
        "neither the playbooks of this run nor its parameters name the browser state `{name}`"
    );
    Refusal::new(RefusalKind::Forbidden, message)
}

fn entry(app: &App, audit_context: AuditContext, (id, name): (RunId, &str)) -> AuditEntry {
    let target = Target::one("browser-state", name);
    audit_context
        .entry(app.now_ms(), target)
        .detail(format!("run {id}"))
}

/// No credential can be opened as a state, nor the other way round.
fn sealed_name(name: &str) -> String {
    format!("@browser-state {name}")
}
