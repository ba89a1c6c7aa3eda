//! Artefacts of runs of any kind, for callers who list and fetch them.

use axum::{
    Extension,
    body::Body,
    extract::State,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use engine::{Kind, RunId};
use serde::Deserialize;
use store::{Read, artifacts::Artifact as Row};
use wire::{Timestamp, artifacts::Artifact};

use crate::{
    access::{ExecutorIdentity, Principal, Scope},
    app::App,
    http::extract::{Params, PathParams, PathRunId, run_id},
    kinds,
    refusal::Refusal,
};

/// Nothing of an artefact runs in a browser: it is saved, not shown, whatever it says it is.
const INERT: [(HeaderName, &str); 1] = [(
    header::CONTENT_SECURITY_POLICY,
    "sandbox; default-src 'none'; frame-ancestors 'none'",
)];

/// The artefacts of a run, by their names.
#[utoipa::path(get, path = "/api/runs/{id}/artifacts", tag = "runs",
    params(("id" = String, Path, description = "Run id")),
    responses((status = 200, description = "All of them", body = Vec<Artifact>),
        (status = 404, description = "No such run")))]
pub(crate) async fn list(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Vec<Artifact>>, Refusal> {
    listed(&app, id, move |_, kind| {
        principal.scopes().allow(kinds::of(kind).read)
    })
    .await
}

/// One artefact, as it was stored.
#[utoipa::path(get, path = "/api/runs/{id}/artifacts/{*name}", tag = "runs",
    params(("id" = String, Path, description = "Run id"),
        ("name" = String, Path, description = "Its name, which may have slashes"), ArtifactQuery),
    responses((status = 200, description = "Its bytes", body = Vec<u8>,
            content_type = "application/octet-stream"),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such artefact")))]
pub(crate) async fn get(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathParams((id, name)): PathParams<(String, String)>,
    Params(of): Params<ArtifactQuery>,
    identity: ExecutorIdentity,
) -> Result<Response, Refusal> {
    let id = run_id(&id)?;
    let performs = principal.scopes().allow(Scope::RunsPerform);
    let owner = of.executor.zip(of.token).filter(|_| performs);
    let owner = owner.map(|(executor, token)| identity.holder(&executor, Some(token)));
    fetched(&app, id, name, move |read, kind| {
        let owns = |owner| store::runs::owned(read, id, owner, "fetch an artefact").is_ok();
        principal.scopes().allow(kinds::of(kind).read) || owner.as_ref().is_some_and(owns)
    })
    .await
}

/// The lease of an executor that fetches what an earlier attempt of its run left.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ArtifactQuery {
    /// The executor that owns the lease.
    executor: Option<String>,
    /// The lease's token.
    token: Option<i64>,
}

/// The artefacts of a job, by their names.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/artifacts", tag = "jobs",
    params(("id" = String, Path, description = "Job id")),
    responses((status = 200, description = "All of them", body = Vec<Artifact>),
        (status = 404, description = "No such job", body = wire::jobs::ErrorBody)))]
pub(crate) async fn list_of_job(
    State(app): State<App>,
    PathRunId(id): PathRunId,
) -> Result<axum::Json<Vec<Artifact>>, Refusal> {
    listed(&app, id, |_, kind| kind == Kind::Job).await
}

/// One artefact of a job, as it was stored.
#[utoipa::path(get, path = "/api/v1/jobs/{id}/artifacts/{*name}", tag = "jobs",
    params(("id" = String, Path, description = "Job id"),
        ("name" = String, Path, description = "Its name, which may have slashes")),
    responses((status = 200, description = "Its bytes", body = Vec<u8>,
            content_type = "application/octet-stream"),
        (status = 404, description = "No such artefact", body = wire::jobs::ErrorBody)))]
pub(crate) async fn get_of_job(
    State(app): State<App>,
    PathParams((id, name)): PathParams<(String, String)>,
) -> Result<Response, Refusal> {
    fetched(&app, run_id(&id)?, name, |_, kind| kind == Kind::Job).await
}

/// Reads something of a run. One of a kind that is not `allowed` counts as not found.
async fn of_run<T: Send + 'static>(
    app: &App,
    id: RunId,
    allowed: impl Fn(&mut Read<'_, '_>, Kind) -> bool + Send + 'static,
    find: impl Fn(&mut Read<'_, '_>) -> Result<T, store::Error> + Send + 'static,
) -> Result<T, Refusal> {
    let read = app.store.read(move |read| {
        let kind = store::runs::kind(read, id)?;
        if !allowed(read, kind) {
            return Err(store::Error::NotFound(id));
        }
        find(read)
    });
    Ok(read.await?)
}

async fn listed(
    app: &App,
    id: RunId,
    allowed: impl Fn(&mut Read<'_, '_>, Kind) -> bool + Send + 'static,
) -> Result<axum::Json<Vec<Artifact>>, Refusal> {
    let rows = of_run(app, id, allowed, move |read| {
        store::artifacts::list(read, id)
    })
    .await?;
    Ok(axum::Json(rows.into_iter().map(shown).collect()))
}

async fn fetched(
    app: &App,
    id: RunId,
    name: String,
    allowed: impl Fn(&mut Read<'_, '_>, Kind) -> bool + Send + 'static,
) -> Result<Response, Refusal> {
    let wanted = name.clone();
    let found = of_run(app, id, allowed, move |read| {
        store::artifacts::find(read, id, &wanted)
    });
    let unknown = || Refusal::not_found("no such artefact");
    let Row { blob, .. } = found.await?.ok_or_else(unknown)?;
    let bytes = app.blobs.read(&blob).await?.ok_or_else(unknown)?;
    let mut response = (StatusCode::OK, INERT, Body::from_stream(bytes)).into_response();
    let headers = response.headers_mut();
    let own = [
        (header::CONTENT_TYPE, content_type(&name).to_owned()),
        (header::CONTENT_LENGTH, blob.size_bytes.to_string()),
        (header::CONTENT_DISPOSITION, disposition(&name)),
        (header::ETAG, format!("\"{}\"", blob.sha256)),
    ];
    for (name, value) in own {
        // All of them are printable ASCII.
        headers.extend(HeaderValue::try_from(value).map(|value| (name, value)));
    }
    Ok(response)
}

/// An artefact in a body.
pub(super) fn shown(row: Row) -> Artifact {
    Artifact {
        name: row.name,
        size_bytes: row.blob.size_bytes.unsigned_abs(),
        sha256: row.blob.sha256,
        created_at: Timestamp(row.created_at),
        attempt: row.attempt,
    }
}

/// That the artefact is saved, under the last part of its name.
fn disposition(name: &str) -> String {
    use std::fmt::Write;
    let name = name.rsplit('/').next().unwrap_or_default();
    let mut text = String::from("attachment; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// What its name says of an artefact.
fn content_type(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    match extension.to_ascii_lowercase().as_str() {
        "txt" | "log" | "md" => "text/plain; charset=utf-8",
        "html" | "htm" => "text/html; charset=utf-8",
        "csv" => "text/csv; charset=utf-8",
        "xml" => "application/xml",
        "json" => "application/json",
        "pdf" => "application/pdf",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "zip" => "application/zip",
        "gz" | "tgz" => "application/gzip",
        _ => "application/octet-stream",
    }
}
