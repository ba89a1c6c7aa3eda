//! Playrooms are looked at.

use axum::extract::State;
use serde::Deserialize;
use wire::playgrounds::{Listed, Playroom};

use super::{all, row_of, view};
use crate::{
    api::playgrounds::page,
    app::App,
    http::extract::{Params, PathParams},
    refusal::Refusal,
};

/// Which page of playrooms.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PlayroomQuery {
    /// The page, from 1; the answer is `{data, meta}` then.
    page: Option<i64>,
    /// How many there are on a page, 1 to 100 [default: 25]; the answer is `{data, meta}` then.
    per_page: Option<i64>,
}

/// Lists playrooms, by id: a bare list, or `{data, meta}` when the query has `page` or `per_page`.
#[utoipa::path(get, path = "/api/playrooms", tag = "playrooms", params(PlayroomQuery),
    responses((status = 200, description = "Playrooms", body = Listed<Playroom>),
        (status = 400, description = "A parameter is malformed"),
        (status = 422, description = "A parameter is wrong")))]
pub(crate) async fn list(
    State(app): State<App>,
    Params(query): Params<PlayroomQuery>,
) -> Result<axum::Json<Listed<Playroom>>, Refusal> {
    let page = page::asked(query.page, query.per_page)?;
    let rooms = view::shown(&app, all(&app).await?).await?;
    Ok(page::answer(rooms, page))
}

/// A playroom, by its id or its name.
#[utoipa::path(get, path = "/api/playrooms/{id}", tag = "playrooms",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playroom", body = Playroom),
        (status = 404, description = "No such playroom")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<Playroom>, Refusal> {
    let row = row_of(&app, &id).await?;
    shown(&app, row).await
}

pub(super) async fn shown(
    app: &App,
    row: store::playgrounds::PlayroomRow,
) -> Result<axum::Json<Playroom>, Refusal> {
    let room = view::shown(app, vec![row]).await?.pop();
    room.map(axum::Json)
        .ok_or_else(|| Refusal::internal("a playroom was not shown"))
}
