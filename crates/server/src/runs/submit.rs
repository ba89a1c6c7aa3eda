//! Runs of any kind are submitted, once for each idempotency key.

use axum::http::HeaderMap;
use store::{
    audit::AuditEntry,
    runs::{Submission, Submit, Submitted},
};

use crate::{
    app::App,
    http::{check, json},
    refusal::Refusal,
};

const KEY_HEADER: &str = "idempotency-key";

/// Hands checked runs to the store, and who asks for them.
pub(crate) async fn enter(
    app: &App,
    mut runs: Vec<Submission>,
    idempotency: Option<(String, Vec<u8>)>,
    entry: AuditEntry,
) -> Result<Submitted, Refusal> {
    for Submission { run, hook, .. } in &mut runs {
        let Some(hook) = hook else {
            continue;
        };
        hook.owner.clone_from(&entry.actor.id);
        if let Some(secret) = &mut hook.secret {
            let sealer = app.vault.sealer(&app.store).await?;
            *secret = sealer.seal_hook(&run.id.to_string(), secret);
        }
    }
    let aging_step_ms = app.aging_step_ms();
    Ok(app
        .store
        .submit(Submit {
            runs,
            idempotency,
            aging_step_ms,
            now: entry.at,
            entry: Some(Box::new(entry)),
        })
        .await?)
}

/// The caller's key for this request, if it gave one.
pub(crate) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Refusal> {
    let Some(key) = headers.get(KEY_HEADER) else {
        return Ok(None);
    };
    let Ok(text) = key.to_str() else {
        let message = "Idempotency-Key must be of visible ASCII characters; encode others, for instance as base64";
        return Err(Refusal::field("Idempotency-Key", message));
    };
    let text = text.trim();
    check::name("Idempotency-Key", text)?;
    Ok(Some(text.to_owned()))
}

/// What tells one request body from another: the value that it is, however it is written.
pub(crate) fn hash(body: &[u8]) -> Vec<u8> {
    json::hash(body)
}
