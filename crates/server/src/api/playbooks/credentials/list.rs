//! Credentials are listed.

use axum::extract::State;
use store::credentials::CredentialRow;
use wire::playbooks::{CredentialInfo, CredentialList};

use crate::{app::App, refusal::Refusal};

/// Lists credentials by name. Passwords are never answered.
#[utoipa::path(get, path = "/api/credentials", tag = "credentials",
    responses((status = 200, description = "Without passwords", body = CredentialList)))]
pub(crate) async fn list(State(app): State<App>) -> Result<axum::Json<CredentialList>, Refusal> {
    let rows = app.store.read(store::credentials::list).await?;
    let credentials = rows.into_iter().map(info).collect();
    Ok(axum::Json(CredentialList { credentials }))
}

fn info(row: CredentialRow) -> CredentialInfo {
    CredentialInfo {
        name: row.name,
        username: row.username,
        gateway_url: row.gateway_url,
        description: (!row.description.is_empty()).then_some(row.description),
    }
}
