//! Approvals are looked at.

use axum::{Extension, extract::State, http::HeaderMap};
use engine::RunId;
use store::Read;
use wire::approvals::{Approval, ApprovalQuery};

use super::unknown;
use crate::{
    access::Principal,
    app::App,
    approvals,
    audit::AuditContext,
    http::extract::{Params, PathRunId, run_id},
    refusal::Refusal,
    runs::paging,
};

/// Lists the approvals that are open, newest first. With `answerable` a page may have few or none: `Link` says
/// whether others follow.
#[utoipa::path(get, path = "/api/approvals", tag = "approvals", params(ApprovalQuery),
    responses((status = 200, description = "A page of approvals; `Link` names the next",
            body = Vec<Approval>),
        (status = 400, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    Params(query): Params<ApprovalQuery>,
) -> Result<(HeaderMap, axum::Json<Vec<Approval>>), Refusal> {
    let limit = paging::limit(query.limit)?;
    let execution = id("execution", query.execution.as_deref())?;
    let below = id("cursor", query.cursor.as_deref())?;
    let only = query.answerable.unwrap_or(false);
    let now = app.now_ms();
    let work = move |read: &mut Read<'_, '_>| {
        let rows = store::approvals::open(read, execution, below, limit)?;
        let last = rows.last().map(|row| row.id);
        let next = last.filter(|_| i64::try_from(rows.len()).is_ok_and(|found| found == limit));
        let who = (&principal, audit_context.actor.id.as_str());
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let run = store::runs::run(read, row.run)?;
            let approval = approvals::shown(&row, &run, who, now)?;
            if approval.may_answer || !only {
                found.push(approval);
            }
        }
        Ok((found, next))
    };
    let (found, next) = app.store.read(work).await?;
    let headers = next.map_or_else(HeaderMap::new, |below| {
        let next = ApprovalQuery {
            cursor: Some(below.to_string()),
            ..query
        };
        paging::next_page("/api/approvals", next.parameters())
    });
    Ok((headers, axum::Json(found)))
}

fn id(field: &'static str, text: Option<&str>) -> Result<Option<RunId>, Refusal> {
    let id = text.map(run_id).transpose();
    id.map_err(|_| Refusal::field(field, format!("{field} must be an id")))
}

/// One approval, also one that has ended, with its answers.
#[utoipa::path(get, path = "/api/approvals/{id}", tag = "approvals",
    params(("id" = String, Path, description = "Approval id")),
    responses((status = 200, description = "The approval", body = Approval),
        (status = 404, description = "No such approval")))]
pub(crate) async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    audit_context: AuditContext,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Approval>, Refusal> {
    let now = app.now_ms();
    let work = move |read: &mut Read<'_, '_>| {
        let Some(row) = store::approvals::find(read, id)? else {
            return Ok(None);
        };
        let run = store::runs::run(read, row.run)?;
        let who = (&principal, audit_context.actor.id.as_str());
        approvals::shown(&row, &run, who, now).map(Some)
    };
    let found = app.store.read(work).await?;
    found.map(axum::Json).ok_or_else(|| unknown(id))
}
