//! Executors get the credentials that steps need, one at a time, while they own the lease.

use std::collections::BTreeSet;

use axum::extract::State;
use engine::{Holder, Kind, RunId};
use serde::Deserialize;
use store::{
    Batch,
    audit::{AuditEntry, Outcome, Target},
    credentials::CredentialRow,
};
use wire::{
    executors::operations::OWN_SECRETS,
    playbooks::{OWN_CREDENTIAL, OpenedCredential, UseCredential},
};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathRunId},
    playgrounds,
    refusal::{Refusal, RefusalKind},
    vault::UseDetail,
};

/// Opens a credential for a step of an execution, if its playbooks or its parameters name it, or for an operation
/// on a playground; `@playground` has what is secret about that. Each use is in the audit, and each that is refused.
#[utoipa::path(post, path = "/api/runs/{id}/credentials", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = UseCredential,
    responses((status = 200, description = "The credential", body = OpenedCredential),
        (status = 403, description = "The execution names no such credential"),
        (status = 404, description = "No such credential, no such run, or its lease is another's")))]
pub(crate) async fn open(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    audit_context: AuditContext,
    Json(wanted): Json<UseCredential>,
) -> Result<axum::Json<OpenedCredential>, Refusal> {
    let holder = holder(&identity, &wanted.executor, wanted.token)?;
    let sealer = app.vault.sealer(&app.store).await?;
    let detail = UseDetail {
        run: id.to_string(),
        executor: wanted.executor.clone(),
        step: wanted.step.clone(),
    };
    let entry = audit_context
        .entry(app.now_ms(), Target::one("credential", &wanted.name))
        .detail(detail.to_string());
    if wanted.name == OWN_SECRETS {
        return own_secrets(&app, id, holder, entry).await;
    }
    let name = wanted.name.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        let read = &mut batch.read();
        store::runs::owned(read, id, &holder, "use a credential")?;
        if !matches!(
            store::runs::kind(read, id)?,
            Kind::Execution | Kind::Operation
        ) {
            return Err(store::Error::NotFound(id));
        }
        let input = store::runs::input(read, id)?;
        let found = find(read, &name, input)?;
        match &found {
            Found::Own(_) | Found::Named(_) => batch.record(&entry),
            Found::Forbidden => batch.record(&AuditEntry {
                outcome: Outcome::Refused,
                ..entry.clone()
            }),
            Found::Missing => {}
        }
        Ok(found)
    };
    let fields = match app.store.write(work).await.map_err(refuse)? {
        Found::Named(row) => sealer.fields(row),
        Found::Own(input) => sealer.own_parameters(id, &input),
        Found::Missing => {
            let message = format!("there is no credential `{}`", wanted.name);
            return Err(Refusal::not_found(message).coded("credential_not_found"));
        }
        Found::Forbidden => {
            let message = format!(
                "neither the playbooks of this run nor its parameters name the credential `{}`",
                wanted.name
            );
            return Err(Refusal::new(RefusalKind::Forbidden, message));
        }
    };
    let fields = fields.ok_or_else(|| {
        tracing::error!(credential = wanted.name, "what is sealed cannot be opened");
        Refusal::internal("the credential cannot be opened")
    })?;
    Ok(axum::Json(OpenedCredential { fields }))
}

/// What is secret about the playground of an operation.
async fn own_secrets(
    app: &App,
    id: RunId,
    holder: Holder,
    entry: AuditEntry,
) -> Result<axum::Json<OpenedCredential>, Refusal> {
    let secrets = playgrounds::open_secrets(app, id, holder).await?;
    app.store
        .write(move |batch| {
            batch.record(&entry);
            Ok(())
        })
        .await?;
    // Strings and maps of them have a JSON form, and it is an object.
    let fields = serde_json::to_value(&secrets).ok();
    let fields = fields.and_then(|value| value.as_object().cloned());
    Ok(axum::Json(OpenedCredential {
        fields: fields.unwrap_or_default(),
    }))
}

/// What an executor asks for.
enum Found {
    Named(CredentialRow),
    /// The execution's input, which has its secret parameters.
    Own(Vec<u8>),
    Missing,
    /// The execution does not name it.
    Forbidden,
}

/// What is read of an execution's input.
#[derive(Default, Deserialize)]
struct NamedCredentials {
    #[serde(default)]
    credentials: BTreeSet<String>,
}

fn find(read: &mut store::Read<'_, '_>, name: &str, input: Vec<u8>) -> Result<Found, store::Error> {
    if name == OWN_CREDENTIAL {
        return Ok(Found::Own(input));
    }
    let named: NamedCredentials = serde_json::from_slice(&input).unwrap_or_default();
    if !named.credentials.contains(name) {
        return Ok(Found::Forbidden);
    }
    let row = store::credentials::find(read, name)?;
    Ok(row.map_or(Found::Missing, Found::Named))
}
