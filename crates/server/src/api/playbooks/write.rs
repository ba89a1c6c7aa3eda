//! Playbooks are written and deleted.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use store::{
    Batch,
    audit::{AuditEntry, Outcome, Target},
    revisions::Revision,
};
use wire::playbooks::{DeletedPlaybook, PlaybookDetails, WritePlaybook};

use super::view;
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathParams},
    library::{Found, PlaybookPath, Writing, playbook_path},
    refusal::{Refusal, RefusalKind},
};

/// What must be there, so that nothing is replaced that the caller has not seen.
pub(super) enum Expected {
    /// Nothing.
    Absent,
    /// One of these revisions.
    Revisions(Vec<String>),
    /// Something.
    Present,
    /// The caller does not care.
    Anything,
}

/// A playbook that is written.
pub(super) struct Saved {
    pub(super) found: Found,
    pub(super) is_new: bool,
}

/// Writes a playbook, if it can be read as one.
///
/// One that is there is replaced only with `If-Match`: its `ETag`, which is its revision, or `*`. A file is complete
/// or as it was before.
#[utoipa::path(put, path = "/api/playbooks/{*path}", tag = "playbooks", request_body = WritePlaybook,
    params(("path" = String, Path, description = "Where it is in the library"),
        ("If-Match" = Option<String>, Header, description = "The revision that is replaced, or `*`")),
    responses((status = 200, description = "It is replaced", body = PlaybookDetails),
        (status = 201, description = "It is made", body = PlaybookDetails),
        (status = 400, description = "It cannot be read: file, line and column say where"),
        (status = 412, description = "It is another revision, or there is none"),
        (status = 428, description = "There is one already: `If-Match` is needed")))]
pub(crate) async fn put(
    State(app): State<App>,
    PathParams(path): PathParams<String>,
    headers: HeaderMap,
    audit_context: AuditContext,
    Json(new): Json<WritePlaybook>,
) -> Result<Response, Refusal> {
    let path = playbook_path(&path)?;
    let expected = expected(&headers)?.unwrap_or(Expected::Absent);
    let saved = save(&app, path, new.content, &expected, audit_context).await?;
    let status = if saved.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let details = view::details(&app, &saved.found, saved.found.playable()?).await?;
    let tag = etag(&saved.found.revision);
    Ok((status, tag, axum::Json(details)).into_response())
}

/// Deletes a playbook. Its revisions are kept.
#[utoipa::path(delete, path = "/api/playbooks/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Where it is in the library"),
        ("If-Match" = Option<String>, Header, description = "The revision that is deleted, or `*`")),
    responses((status = 200, description = "Deleted", body = DeletedPlaybook),
        (status = 400, description = "The path is wrong"),
        (status = 404, description = "No such playbook"),
        (status = 412, description = "It is another revision")))]
pub(crate) async fn delete(
    State(app): State<App>,
    PathParams(path): PathParams<String>,
    headers: HeaderMap,
    audit_context: AuditContext,
) -> Result<axum::Json<DeletedPlaybook>, Refusal> {
    let path = playbook_path(&path)?;
    let expected = expected(&headers)?.unwrap_or(Expected::Anything);
    let writing = app.library.writing(path.clone()).await?;
    let current = writing.current.clone().ok_or_else(|| writing.missing())?;
    check(&expected, &writing)?;
    let entry = audit_context.entry(app.now_ms(), Target::one("playbook", path.as_str()));
    let entry = entry.detail(format!("revision {}", current.revision));
    record(&app, &[&current], entry.clone()).await?;
    if let Err(refusal) = writing.delete().await {
        undone(&app, entry).await;
        return Err(refusal);
    }
    let marked = path.as_str().to_owned();
    let work = move |batch: &mut Batch<'_, '_>| store::revisions::unmark(batch, Some(&marked));
    app.store.write(work).await?;
    Ok(axum::Json(DeletedPlaybook {
        status: "success".to_owned(),
        message: "Playbook deleted successfully".to_owned(),
        path: path.as_str().to_owned(),
    }))
}

/// Writes a playbook: the text is on disk beside the old one, then the audit has it, then it is put in its place.
/// What a crash between the last two leaves is an entry of a text that is kept as a revision.
pub(super) async fn save(
    app: &App,
    path: PlaybookPath,
    text: String,
    expected: &Expected,
    audit_context: AuditContext,
) -> Result<Saved, Refusal> {
    let writing = app.library.writing(path.clone()).await?;
    check(expected, &writing)?;
    let found = writing.read(text.clone());
    found.playable()?;
    let current = writing.current.clone();
    let is_new = current.is_none();
    if current
        .as_ref()
        .is_some_and(|one| one.revision == found.revision)
    {
        return Ok(Saved { found, is_new });
    }
    let staged = writing.stage(text).await?;
    let entry = audit_context.entry(app.now_ms(), Target::one("playbook", path.as_str()));
    let entry = entry.detail(format!("revision {}", found.revision));
    let kept: Vec<&Found> = current.as_deref().into_iter().chain([&found]).collect();
    record(app, &kept, entry.clone()).await?;
    if let Err(refusal) = writing.place(staged).await {
        undone(app, entry).await;
        return Err(refusal);
    }
    Ok(Saved { found, is_new })
}

/// Keeps the texts, and who changes them.
async fn record(app: &App, kept: &[&Found], entry: AuditEntry) -> Result<(), Refusal> {
    let kept = kept.iter().filter(|found| !found.text.is_empty());
    let kept = kept.map(|found| Revision {
        path: found.path.as_str().to_owned(),
        hash: found.revision.clone(),
        text: found.text.clone(),
    });
    let kept: Vec<Revision> = kept.collect();
    let work = move |batch: &mut Batch<'_, '_>| {
        store::revisions::keep(batch, &kept, entry.at)?;
        batch.record(&entry);
        Ok(())
    };
    Ok(app.store.write(work).await?)
}

/// What the audit has was not done.
async fn undone(app: &App, entry: AuditEntry) {
    let entry = AuditEntry {
        outcome: Outcome::Failed,
        ..entry
    };
    let work = move |batch: &mut Batch<'_, '_>| {
        batch.record(&entry);
        Ok(())
    };
    if let Err(error) = app.store.write(work).await {
        tracing::error!(%error, "that a playbook could not be written was not noted");
    }
}

fn check(expected: &Expected, writing: &Writing<'_>) -> Result<(), Refusal> {
    let current = writing.current.as_ref();
    let failed = |message: &str| {
        let refusal = Refusal::new(RefusalKind::PreconditionFailed, message);
        match current {
            Some(found) => refusal.about("revision", found.revision.as_str()),
            None => refusal,
        }
    };
    match (expected, current) {
        (Expected::Absent, Some(found)) => {
            let message =
                "there is such a playbook: send If-Match with the revision that is replaced";
            let refusal = Refusal::new(RefusalKind::PreconditionRequired, message);
            Err(refusal.about("revision", found.revision.as_str()))
        }
        (Expected::Revisions(revisions), Some(found)) if !revisions.contains(&found.revision) => {
            Err(failed(
                "the playbook is another revision now: read it again",
            ))
        }
        (Expected::Revisions(_) | Expected::Present, None) => {
            Err(failed("there is no such playbook any more"))
        }
        _ => Ok(()),
    }
}

/// What `If-Match` says.
fn expected(headers: &HeaderMap) -> Result<Option<Expected>, Refusal> {
    let Some(value) = headers.get(header::IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(Some(Expected::Present));
    }
    let tags = text
        .split(',')
        .map(|tag| tag.trim().trim_matches('"').to_owned());
    let tags: Vec<String> = tags.filter(|tag| !tag.is_empty()).collect();
    if tags.is_empty() {
        return Err(Refusal::field(
            "If-Match",
            "If-Match must be a revision or *",
        ));
    }
    Ok(Some(Expected::Revisions(tags)))
}

/// The header that names a revision.
pub(super) fn etag(revision: &str) -> [(header::HeaderName, HeaderValue); 1] {
    let value = HeaderValue::from_str(&format!("\"{revision}\""));
    // A hash in hexadecimal is a header value.
    [(
        header::ETAG,
        value.unwrap_or(HeaderValue::from_static("\"\"")),
    )]
}
