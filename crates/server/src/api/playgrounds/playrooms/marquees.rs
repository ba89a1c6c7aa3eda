//! The same routes under the name that later clients know.

use axum::{extract::State, http::StatusCode};
use wire::playgrounds::{ChangePlayroom, Listed, NewPlayroomBody, Playroom, TestedConnection};

use super::{change, find, find::PlayroomQuery, test};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, Params, PathParams},
    refusal::Refusal,
};

/// As `GET /api/playrooms`.
#[utoipa::path(get, path = "/api/marquees", tag = "playrooms", params(PlayroomQuery),
    responses((status = 200, description = "Playrooms", body = Listed<Playroom>),
        (status = 400, description = "A parameter is malformed"),
        (status = 422, description = "A parameter is wrong")))]
pub(crate) async fn list(
    app: State<App>,
    query: Params<PlayroomQuery>,
) -> Result<axum::Json<Listed<Playroom>>, Refusal> {
    find::list(app, query).await
}

/// As `GET /api/playrooms/{id}`.
#[utoipa::path(get, path = "/api/marquees/{id}", tag = "playrooms",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playroom", body = Playroom),
        (status = 404, description = "No such playroom")))]
pub(crate) async fn get(
    app: State<App>,
    id: PathParams<String>,
) -> Result<axum::Json<Playroom>, Refusal> {
    find::get(app, id).await
}

/// As `POST /api/playrooms`.
#[utoipa::path(post, path = "/api/marquees", tag = "playrooms", request_body = NewPlayroomBody,
    responses((status = 201, description = "Made", body = Playroom),
        (status = 400, description = "The body is malformed"),
        (status = 409, description = "It was changed at the same time"),
        (status = 422, description = "A field is wrong")))]
pub(crate) async fn create(
    app: State<App>,
    audit_context: AuditContext,
    body: Json<NewPlayroomBody>,
) -> Result<(StatusCode, axum::Json<Playroom>), Refusal> {
    change::create(app, audit_context, body).await
}

/// As `PATCH /api/playrooms/{id}`.
#[utoipa::path(patch, path = "/api/marquees/{id}", tag = "playrooms", request_body = ChangePlayroom,
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "The playroom", body = Playroom),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playroom"),
        (status = 409, description = "It was changed at the same time"),
        (status = 422, description = "A field is wrong")))]
pub(crate) async fn change(
    app: State<App>,
    audit_context: AuditContext,
    id: PathParams<String>,
    body: Json<ChangePlayroom>,
) -> Result<axum::Json<Playroom>, Refusal> {
    change::change(app, audit_context, id, body).await
}

/// As `DELETE /api/playrooms/{id}`.
#[utoipa::path(delete, path = "/api/marquees/{id}", tag = "playrooms",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 204, description = "Deleted"),
        (status = 404, description = "No such playroom"),
        (status = 409, description = "There are playgrounds in it")))]
pub(crate) async fn delete(
    app: State<App>,
    audit_context: AuditContext,
    id: PathParams<String>,
) -> Result<StatusCode, Refusal> {
    change::delete(app, audit_context, id).await
}

/// As `POST /api/playrooms/{id}/test_connection`.
#[utoipa::path(post, path = "/api/marquees/{id}/test_connection", tag = "playrooms",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "What each check came to", body = TestedConnection),
        (status = 404, description = "No such playroom")))]
pub(crate) async fn test_connection(
    app: State<App>,
    id: PathParams<String>,
) -> Result<axum::Json<TestedConnection>, Refusal> {
    test::test(app, id).await
}
