//! Deliveries are looked at and sent again.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use serde::Deserialize;
use store::{audit::Target, hooks};
use wire::hooks::Delivery;

use super::{hook::find, view};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Params, PathParams},
    refusal::Refusal,
};

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 200;

/// Which deliveries.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Wanted {
    /// Only deliveries with a lower id.
    pub(super) before: Option<i64>,
    /// At most so many (default 50, at most 200).
    limit: Option<i64>,
}

/// Lists deliveries, newest first.
#[utoipa::path(get, path = "/api/hooks/{id}/deliveries", tag = "hooks",
    params(("id" = String, Path, description = "Hook id"), Wanted),
    responses((status = 200, description = "A page of deliveries; `Link` names the next",
            body = Vec<Delivery>),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such hook")))]
pub(crate) async fn list(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    Params(wanted): Params<Wanted>,
) -> Result<(HeaderMap, axum::Json<Vec<Delivery>>), Refusal> {
    let limit = wanted.limit()?;
    let id = find(&app, id).await?.id;
    let path = format!("/api/hooks/{id}/deliveries");
    Ok(page(&app, id, &path, (wanted.before, limit)).await?)
}

/// A page, and the link to the next.
pub(super) type DeliveriesPage = (HeaderMap, axum::Json<Vec<Delivery>>);

impl Wanted {
    pub(super) fn limit(&self) -> Result<i64, Refusal> {
        let limit = self.limit.unwrap_or(LIMIT_DEFAULT).min(LIMIT_MAX);
        let wrong = || Refusal::field("limit", "limit must be at least 1");
        (limit >= 1).then_some(limit).ok_or_else(wrong)
    }
}

/// Up to `limit` deliveries of a hook, newest first; `path` leads to them.
pub(super) async fn page(
    app: &App,
    id: String,
    path: &str,
    (before, limit): (Option<i64>, i64),
) -> Result<DeliveriesPage, store::Error> {
    let (hook, before) = (id.clone(), before.unwrap_or(i64::MAX));
    let mut rows = app
        .store
        .read(move |read| hooks::deliveries(read, &hook, before, limit + 1))
        .await?;
    let more = i64::try_from(rows.len()).is_ok_and(|found| found > limit);
    rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    let mut headers = HeaderMap::new();
    if let Some(last) = rows.last().filter(|_| more) {
        let next = format!(
            "<{path}?limit={limit}&before={}>; rel=\"next\"",
            last.number
        );
        headers.extend(
            HeaderValue::from_str(&next)
                .ok()
                .map(|link| (header::LINK, link)),
        );
    }
    let page = rows.into_iter().map(|row| view::delivery(&id, row));
    Ok((headers, axum::Json(page.collect())))
}

/// One delivery.
#[utoipa::path(get, path = "/api/hooks/{id}/deliveries/{delivery}", tag = "hooks",
    params(("id" = String, Path, description = "Hook id"),
        ("delivery" = i64, Path, description = "Delivery id")),
    responses((status = 200, description = "The delivery", body = Delivery),
        (status = 404, description = "No such hook or delivery")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams((id, number)): PathParams<(String, String)>,
) -> Result<axum::Json<Delivery>, Refusal> {
    let number = parse(&number)?;
    let id = find(&app, id).await?.id;
    let hook = id.clone();
    let row = app
        .store
        .read(move |read| hooks::delivery(read, &hook, number))
        .await?;
    Ok(axum::Json(view::delivery(&id, row.ok_or_else(missing)?)))
}

/// Sends a delivery now: again if it has ended, without more waiting if it has not.
#[utoipa::path(post, path = "/api/hooks/{id}/deliveries/{delivery}/replay", tag = "hooks",
    params(("id" = String, Path, description = "Hook id"),
        ("delivery" = i64, Path, description = "Delivery id")),
    responses((status = 202, description = "It is sent", body = Delivery),
        (status = 404, description = "No such hook or delivery"),
        (status = 409, description = "The hook is disabled")))]
pub(crate) async fn replay(
    State(app): State<App>,
    PathParams((id, number)): PathParams<(String, String)>,
    audit_context: AuditContext,
) -> Result<(StatusCode, axum::Json<Delivery>), Refusal> {
    let number = parse(&number)?;
    let id = find(&app, id).await?.id;
    let entry = audit_context.entry(app.now_ms(), Target::one("hook", &id));
    let entry = entry.detail(format!("delivery {number}"));
    let hook = id.clone();
    let opened = app
        .store
        .write(move |batch| hooks::replay(batch, &hook, number, &entry))
        .await?;
    accepted(&app, &id, opened, missing)
}

/// Sends an event `hook.test` to the hook, whatever its filter.
#[utoipa::path(post, path = "/api/hooks/{id}/test", tag = "hooks",
    params(("id" = String, Path, description = "Hook id")),
    responses((status = 202, description = "It is sent", body = Delivery),
        (status = 404, description = "No such hook"),
        (status = 409, description = "The hook is disabled")))]
pub(crate) async fn test(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
    audit_context: AuditContext,
) -> Result<(StatusCode, axum::Json<Delivery>), Refusal> {
    let (id, now) = (find(&app, id).await?.id, app.now_ms());
    let entry = audit_context.entry(now, Target::one("hook", &id));
    let (hook, composed) = (id.clone(), crate::hooks::test(&id, now));
    let opened = app
        .store
        .write(move |batch| hooks::test(batch, &hook, &composed, &entry))
        .await?;
    accepted(&app, &id, opened, super::hook::missing)
}

/// Has the outbox send it, and shows it.
fn accepted(
    app: &App,
    hook: &str,
    opened: hooks::Opened,
    missing: fn() -> Refusal,
) -> Result<(StatusCode, axum::Json<Delivery>), Refusal> {
    let row = match opened {
        hooks::Opened::Yes(row) => *row,
        hooks::Opened::Missing => return Err(missing()),
        hooks::Opened::Disabled => {
            let detail = "the hook is disabled: nothing is sent to it";
            return Err(Refusal::conflict(detail));
        }
    };
    app.outbox.notify_one();
    Ok((StatusCode::ACCEPTED, axum::Json(view::delivery(hook, row))))
}

/// What is no number names no delivery.
fn parse(number: &str) -> Result<i64, Refusal> {
    number.parse().map_err(|_| missing())
}

fn missing() -> Refusal {
    Refusal::not_found("no such delivery")
}
