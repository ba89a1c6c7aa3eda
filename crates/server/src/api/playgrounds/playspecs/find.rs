//! Playspecs are looked at.

use axum::extract::State;
use serde::Deserialize;
use wire::playgrounds::{Listed, Playspec, PlayspecService, PlayspecSummary};

use super::{row_of, view};
use crate::{
    api::playgrounds::page,
    app::App,
    http::extract::{Params, PathParams},
    playgrounds::{SpecBody, described_services},
    refusal::Refusal,
};

/// Which playspecs.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlayspecQuery {
    /// Only with this text in the name.
    q: Option<String>,
    /// The page, from 1; the answer is `{data, meta}` then.
    page: Option<i64>,
    /// How many there are on a page, 1 to 100 [default: 25]; the answer is `{data, meta}` then.
    per_page: Option<i64>,
}

/// Lists playspecs, newest first: a bare list, or `{data, meta}` when the query has `page` or `per_page`.
#[utoipa::path(get, path = "/api/playspecs", tag = "playspecs", params(PlayspecQuery),
    responses((status = 200, description = "Playspecs", body = Listed<PlayspecSummary>),
        (status = 400, description = "A parameter is malformed"),
        (status = 422, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(query): Params<PlayspecQuery>,
) -> Result<axum::Json<Listed<PlayspecSummary>>, Refusal> {
    let page = page::asked(query.page, query.per_page)?;
    let rows = app.store.read(store::playgrounds::playspecs).await?;
    let text = query.q.map(|text| text.to_lowercase());
    let has = |name: &str| {
        text.as_ref()
            .is_none_or(|text| name.to_lowercase().contains(text))
    };
    let found = rows.iter().filter(|row| has(&row.name)).map(view::summary);
    Ok(page::answer(found.collect::<Result<Vec<_>, _>>()?, page))
}

/// A playspec, by its id or its name.
#[utoipa::path(get, path = "/api/playspecs/{id}", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playspec", body = Playspec),
        (status = 404, description = "No such playspec")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Playspec>, Refusal> {
    let row = row_of(&app, &id).await?;
    Ok(axum::Json(view::shown(&app, row.id).await?))
}

/// The services of a playspec.
#[utoipa::path(get, path = "/api/playspecs/{id}/services", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "Services", body = Vec<PlayspecService>),
        (status = 404, description = "No such playspec")))]
pub(crate) async fn services(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Vec<PlayspecService>>, Refusal> {
    let row = row_of(&app, &id).await?;
    Ok(axum::Json(described_services(&SpecBody::of(&row)?)))
}
