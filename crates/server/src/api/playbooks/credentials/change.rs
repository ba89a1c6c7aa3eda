//! Credentials are saved and deleted.

use axum::extract::State;
use store::{Batch, audit::Target, credentials::CredentialRow};
use wire::playbooks::{NewCredential, SavedCredential};

use super::missing;
use crate::{
    app::App,
    audit::AuditContext,
    http::{
        check,
        extract::{Json, PathParams},
    },
    refusal::Refusal,
};

/// The longest user name, password, URL and description, in bytes.
const TEXT_LIMIT: usize = 10_000;

/// Saves a new credential. What is secret of it is sealed before it is written.
#[utoipa::path(post, path = "/api/credentials", tag = "credentials", request_body = NewCredential,
    responses((status = 200, description = "Saved", body = SavedCredential),
        (status = 400, description = "A field is wrong, or there is one of this name")))]
pub(crate) async fn create(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(new): Json<NewCredential>,
) -> Result<axum::Json<SavedCredential>, Refusal> {
    if new.password.is_none() {
        return Err(Refusal::field("password", "password is missing"));
    }
    let name = new.name.clone();
    let row = row(&app, new).await?;
    let entry = audit_context.entry(row.created_at, Target::one("credential", &name));
    let work = move |batch: &mut Batch<'_, '_>| {
        let added = store::credentials::add(batch, &row)?;
        if added {
            batch.record(&entry);
        }
        Ok(added)
    };
    if !app.store.write(work).await? {
        let message = format!("Credential '{name}' exists already");
        return Err(Refusal::field("name", message));
    }
    Ok(saved("Credential saved successfully", name))
}

/// Replaces a credential. Without a password the old one stays.
#[utoipa::path(put, path = "/api/credentials/{name}", tag = "credentials",
    params(("name" = String, Path, description = "Which credential")), request_body = NewCredential,
    responses((status = 200, description = "Saved", body = SavedCredential),
        (status = 400, description = "A field is wrong"),
        (status = 404, description = "No such credential")))]
pub(crate) async fn replace(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(name): PathParams<String>,
    Json(mut new): Json<NewCredential>,
) -> Result<axum::Json<SavedCredential>, Refusal> {
    new.name.clone_from(&name);
    let keeps = new.password.is_none();
    let row = row(&app, new).await?;
    let entry = audit_context.entry(row.updated_at, Target::one("credential", &name));
    let work = move |batch: &mut Batch<'_, '_>| {
        let Some(old) = store::credentials::find(&mut batch.read(), &row.name)? else {
            return Ok(false);
        };
        let mut row = row.clone();
        if keeps {
            row.sealed = old.sealed;
        }
        batch.record(&entry);
        store::credentials::replace(batch, &row)
    };
    if !app.store.write(work).await? {
        return Err(missing(&name));
    }
    Ok(saved("Credential saved successfully", name))
}

/// Deletes a credential. Executions that need it fail from then on.
#[utoipa::path(delete, path = "/api/credentials/{name}", tag = "credentials",
    params(("name" = String, Path, description = "Which credential")),
    responses((status = 200, description = "Deleted", body = SavedCredential),
        (status = 404, description = "No such credential")))]
pub(crate) async fn delete(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(name): PathParams<String>,
) -> Result<axum::Json<SavedCredential>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::one("credential", &name));
    let which = name.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        let deleted = store::credentials::delete(batch, &which)?;
        if deleted {
            batch.record(&entry);
        }
        Ok(deleted)
    };
    if !app.store.write(work).await? {
        return Err(missing(&name));
    }
    Ok(saved("Credential deleted successfully", name))
}

/// The row of a credential, with its password sealed.
async fn row(app: &App, new: NewCredential) -> Result<CredentialRow, Refusal> {
    check::name("name", &new.name)?;
    let description = new.description.unwrap_or_default();
    let password = new.password.unwrap_or_default();
    let gateway_url = new.gateway_url.filter(|url| !url.is_empty());
    for (field, text) in [
        ("username", &new.username),
        ("password", &password),
        ("description", &description),
        (
            "gateway_url",
            gateway_url.as_ref().unwrap_or(&String::new()),
        ),
    ] {
        if text.len() > TEXT_LIMIT || text.contains('\0') {
            let message = format!("{field} must have at most {TEXT_LIMIT} bytes, and no NUL");
            return Err(Refusal::field(field, message));
        }
    }
    if let Some(url) = &gateway_url {
        check::http_url("gateway_url", url)?;
    }
    let sealer = app.vault.sealer(&app.store).await?;
    let now = app.now_ms();
    Ok(CredentialRow {
        sealed: sealer.seal(&new.name, password.as_bytes()),
        name: new.name,
        username: new.username,
        gateway_url,
        description,
        created_at: now,
        updated_at: now,
    })
}

fn saved(message: &str, name: String) -> axum::Json<SavedCredential> {
    axum::Json(SavedCredential {
        message: message.to_owned(),
        name,
    })
}
