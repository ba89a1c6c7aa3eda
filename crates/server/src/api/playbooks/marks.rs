//! What people mark playbooks as: verified or not, enabled or not.

use axum::extract::State;
use store::{
    Batch,
    audit::Target,
    revisions::{self, Mark},
};
use wire::{Timestamp, playbooks::MarkedPlaybook};

use super::{find::suffix, view};
use crate::{
    app::App, audit::AuditContext, http::extract::PathParams, library::playbook_path,
    refusal::Refusal,
};

/// Marks a playbook: the path goes on with `/verify`, `/unverify`, `/enable` or `/disable`. A disabled one cannot be
/// started.
#[utoipa::path(post, path = "/api/playbooks/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Where it is in the library, and what it is marked as")),
    responses((status = 200, description = "It is marked", body = MarkedPlaybook),
        (status = 404, description = "No such playbook")))]
pub(crate) async fn mark(
    State(app): State<App>,
    PathParams(path): PathParams<String>,
    audit_context: AuditContext,
) -> Result<axum::Json<MarkedPlaybook>, Refusal> {
    const MARKS: [(&str, Mark, &str); 4] = [
        ("verify", Mark::Verified, "verified"),
        ("unverify", Mark::Unverified, "unverified"),
        ("enable", Mark::Enabled, "enabled"),
        ("disable", Mark::Disabled, "disabled"),
    ];
    let (path, word) = suffix(&path);
    let found = MARKS.into_iter().find(|(known, _, _)| Some(*known) == word);
    let Some((_, mark, done)) = found else {
        let message = "the path must go on with /verify, /unverify, /enable or /disable";
        return Err(Refusal::not_found(message));
    };
    let found = app.library.get(playbook_path(path)?).await?;
    let loaded = found.playable()?;
    let now = app.now_ms();
    let entry = audit_context
        .entry(now, Target::one("playbook", path))
        .detail(done);
    let marked = path.to_owned();
    let work = move |batch: &mut Batch<'_, '_>| {
        revisions::mark(batch, &marked, mark, now)?;
        batch.record(&entry);
        revisions::marks_of(&mut batch.read(), &marked)
    };
    let marks = app.store.write(work).await?;
    let summary = view::summary(&found, loaded, &marks);
    Ok(axum::Json(MarkedPlaybook {
        status: "success".to_owned(),
        message: format!("Playbook {done}"),
        playbook_path: summary.path,
        verified: summary.verified,
        verified_at: marks.verified_at.map(Timestamp),
        enabled: summary.enabled,
    }))
}

/// Forgets all marks: what the files say holds again, and every playbook can be started.
#[utoipa::path(post, path = "/api/playbooks/metadata/reset-all", tag = "playbooks",
    responses((status = 200, description = "No playbook is marked", body = Object)))]
pub(crate) async fn reset(
    State(app): State<App>,
    audit_context: AuditContext,
) -> Result<axum::Json<serde_json::Value>, Refusal> {
    let entry = audit_context.entry(app.now_ms(), Target::one("playbook", "*"));
    let work = move |batch: &mut Batch<'_, '_>| {
        revisions::unmark(batch, None)?;
        batch.record(&entry);
        Ok(())
    };
    app.store.write(work).await?;
    let message = "Metadata of all playbooks reset";
    Ok(axum::Json(
        serde_json::json!({"status": "success", "message": message}),
    ))
}
