//! Playgrounds are looked at.

use axum::{Extension, extract::State};
use store::playgrounds::PlaygroundRow;
use wire::{
    Timestamp,
    playgrounds::{Listed, Playground, PlaygroundQuery, PlaygroundState, PlaygroundSummary},
};

use super::{page, show};
use crate::{
    access::Principal,
    app::App,
    http::extract::{Params, PathParams},
    playgrounds::{Directory, PlaygroundStatus, invalid, row_of, state, summary},
    refusal::Refusal,
};

/// Lists playgrounds, newest first: a bare list, or `{data, meta}` when the query has `page` or `per_page`.
#[utoipa::path(get, path = "/api/playgrounds", tag = "playgrounds", params(PlaygroundQuery),
    responses((status = 200, description = "Playgrounds", body = Listed<PlaygroundSummary>),
        (status = 400, description = "A parameter is malformed"),
        (status = 422, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(query): Params<PlaygroundQuery>,
) -> Result<axum::Json<Listed<PlaygroundSummary>>, Refusal> {
    let page = page::asked(query.page, query.per_page)?;
    let filter = Filter::of(&query)?;
    let rows = app.store.read(store::playgrounds::list).await?;
    let mut found: Vec<PlaygroundRow> = rows.into_iter().filter(|row| filter.has(row)).collect();
    sort(&mut found, query.sort.as_deref())?;
    let mut items = Vec::with_capacity(found.len());
    for row in &found {
        let item = summary(row)?;
        if filter.statuses.is_empty() || filter.statuses.contains(&item.status) {
            items.push(item);
        }
    }
    Ok(page::answer(items, page))
}

/// Which playgrounds are asked for.
struct Filter {
    text: Option<String>,
    name: Option<String>,
    job_mode: Option<bool>,
    playspec_id: Option<i64>,
    playroom_id: Option<i64>,
    after: Option<i64>,
    before: Option<i64>,
    statuses: Vec<String>,
}

impl Filter {
    fn of(query: &PlaygroundQuery) -> Result<Self, Refusal> {
        let statuses = query.status.as_deref().unwrap_or_default().split(',');
        let statuses: Vec<String> = statuses
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        let known = PlaygroundStatus::ALL.map(PlaygroundStatus::as_str);
        if let Some(wrong) = statuses.iter().find(|word| !known.contains(&word.as_str())) {
            let shown: String = wrong.chars().take(100).collect();
            let message = format!("`{shown}` is none of {}", known.join(", "));
            return Err(invalid("status", message));
        }
        Ok(Self {
            text: query.q.as_deref().map(str::to_lowercase),
            name: query.name.clone(),
            job_mode: query.job_mode,
            playspec_id: query.playspec_id,
            playroom_id: query.playroom_id,
            after: time("created_after", query.created_after.as_deref())?,
            before: time("created_before", query.created_before.as_deref())?,
            statuses,
        })
    }

    fn has(&self, row: &PlaygroundRow) -> bool {
        let text = self.text.as_ref();
        text.is_none_or(|text| row.name.to_lowercase().contains(text))
            && self.name.as_ref().is_none_or(|name| *name == row.name)
            && self
                .job_mode
                .is_none_or(|job_mode| job_mode == row.job_mode)
            && self.playspec_id.is_none_or(|id| id == row.playspec_id)
            && self.playroom_id.is_none_or(|id| id == row.playroom_id)
            && self.after.is_none_or(|after| row.created_at >= after)
            && self.before.is_none_or(|before| row.created_at < before)
    }
}

fn time(field: &str, text: Option<&str>) -> Result<Option<i64>, Refusal> {
    let time = text.map(str::parse::<Timestamp>).transpose();
    let time = time.map_err(|_| invalid(field, "must be an ISO 8601 time"))?;
    Ok(time.map(|Timestamp(at)| at))
}

/// Newest first, unless the query says otherwise.
fn sort(rows: &mut [PlaygroundRow], by: Option<&str>) -> Result<(), Refusal> {
    let by = by.unwrap_or("-created_at");
    let (field, reversed) = match by.strip_prefix('-') {
        Some(field) => (field, true),
        None => (by, false),
    };
    match field {
        "created_at" => rows.sort_by_key(|row| row.id),
        "name" => rows.sort_by(|one, other| one.name.cmp(&other.name)),
        // What never expires comes last.
        "expires_at" => rows.sort_by_key(|row| (row.expires_at.unwrap_or(i64::MAX), row.id)),
        _ => return Err(invalid("sort", "must be created_at, name or expires_at")),
    }
    if reversed {
        rows.reverse();
    }
    Ok(())
}

/// A playground, by its id or its name.
#[utoipa::path(get, path = "/api/playgrounds/{id}", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playground", body = Playground),
        (status = 404, description = "No such playground")))]
pub(crate) async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Playground>, Refusal> {
    let row = row_of(&app, &id).await?;
    Ok(axum::Json(show::shown(&app, &principal, row.id).await?))
}

/// The status of a playground, for callers who poll.
#[utoipa::path(get, path = "/api/playgrounds/{id}/status", tag = "playgrounds",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "Its status", body = PlaygroundState),
        (status = 404, description = "No such playground")))]
pub(crate) async fn status(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<PlaygroundState>, Refusal> {
    let row = row_of(&app, &id).await?;
    let shown = show::loaded(&app, &principal, row.id).await?;
    let mut body = state(&shown.loaded, &shown.masking);
    // Then operations wait, and what is known of the services may be old.
    let directory = Directory::read(&app).await?;
    let waits = directory.why_it_waits(&row.playroom.1);
    body.state_reason = waits.or(body.state_reason);
    Ok(axum::Json(body))
}
