//! The master key of the vault.

use axum::extract::State;
use store::audit::Target;
use wire::vault::{RotateVault, RotatedVault};

use crate::{app::App, audit::AuditContext, http::extract::Json, refusal::Refusal};

/// Replaces the master key of the vault while the server runs. Other servers of the same database go on, and need
/// the new key at their next start.
#[utoipa::path(post, path = "/api/vault/rotate", tag = "credentials", request_body = RotateVault,
    responses((status = 200, description = "The new key is in use", body = RotatedVault),
        (status = 400, description = "The key is not one, or one has to be given"),
        (status = 409, description = "It was rotated at the same time")))]
pub(crate) async fn rotate(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(wanted): Json<RotateVault>,
) -> Result<axum::Json<RotatedVault>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::one("vault", "master key"));
    let rotated = app.vault.rotate(&app.store, wanted.key.as_deref(), entry);
    let key_file = rotated.await?.map(|file| file.display().to_string());
    Ok(axum::Json(RotatedVault { key_file }))
}
