//! Executors get the credentials that steps need, one at a time, while they own the lease.

use axum::extract::State;
use engine::Kind;
use store::{Batch, audit::Target, credentials::CredentialRow};
use wire::playbooks::{OWN_CREDENTIAL, OpenedCredential, UseCredential};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathRunId},
    refusal::Refusal,
};

/// Opens a credential for a step of an execution. Each use is in the audit.
#[utoipa::path(post, path = "/api/runs/{id}/credentials", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = UseCredential,
    responses((status = 200, description = "The credential", body = OpenedCredential),
        (status = 404, description = "No such credential, no such run, or its lease is another's")))]
pub(crate) async fn open(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    audit_context: AuditContext,
    Json(wanted): Json<UseCredential>,
) -> Result<axum::Json<OpenedCredential>, Refusal> {
    let holder = holder(&identity, &wanted.executor, wanted.token)?;
    let own = wanted.name == OWN_CREDENTIAL;
    let entry = audit_context
        .entry(app.now_ms(), Target::one("credential", &wanted.name))
        .detail(format!("execution {id}, step {}", wanted.step));
    let name = wanted.name.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        let read = &mut batch.read();
        store::runs::owned(read, id, &holder, "use a credential")?;
        if store::runs::kind(read, id)? != Kind::Execution {
            return Err(store::Error::NotFound(id));
        }
        if own {
            let input = store::runs::input(read, id)?;
            batch.record(&entry);
            return Ok(Some(Sealed::Own(input)));
        }
        let row = store::credentials::find(read, &name)?;
        if row.is_some() {
            batch.record(&entry);
        }
        Ok(row.map(Sealed::Named))
    };
    let fields = match app.store.write(work).await.map_err(refuse)? {
        None => {
            let message = format!("there is no credential `{}`", wanted.name);
            return Err(Refusal::not_found(message).coded("credential_not_found"));
        }
        Some(Sealed::Named(row)) => app.vault.fields(row),
        Some(Sealed::Own(input)) => app.vault.own_parameters(id, &input),
    };
    let fields = fields.ok_or_else(|| {
        tracing::error!(credential = wanted.name, "what is sealed cannot be opened");
        Refusal::internal("the credential cannot be opened")
    })?;
    Ok(axum::Json(OpenedCredential { fields }))
}

enum Sealed {
    Named(CredentialRow),
    /// The execution's input.
    Own(Vec<u8>),
}
