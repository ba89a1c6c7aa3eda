//! Programs and files are uploaded and fetched.

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use store::{Batch, audit::Target};
use wire::jobs::{ErrorBody, UploadedBinary};

use crate::{app::App, audit::AuditContext, blobs::is_hash, http::body, refusal::Refusal};

/// Takes a program or a file as the raw request body, of any size up to the limit; nothing is kept in
/// memory.
#[utoipa::path(post, path = "/api/v1/binaries", tag = "binaries",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "Stored", body = UploadedBinary),
        (status = 400, description = "Empty or broken off", body = ErrorBody),
        (status = 408, description = "Nothing came for a minute", body = ErrorBody),
        (status = 413, description = "Too large", body = ErrorBody)))]
pub(crate) async fn upload(
    State(app): State<App>,
    audit_context: AuditContext,
    request: Request,
) -> Result<(StatusCode, axum::Json<UploadedBinary>), Refusal> {
    body::expected(&request, app.settings.upload_limit_bytes)?;
    let body = request.into_body().into_data_stream();
    let now = app.now_ms();
    let blob = app.blobs.upload(&app.store, now, body, false).await?;
    let entry = audit_context.entry(now, Target::one("binary", &blob.sha256));
    let added = blob.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        batch.record(&entry);
        store::blobs::add(batch, &added, now)
    };
    let kept = app.store.write(work).await?;
    app.blobs.settle(&blob, &kept).await;
    let answer = UploadedBinary {
        binary_url: format!("{}/api/v1/binaries/{}", app.public_url, blob.sha256),
        binary_sha256: blob.sha256,
        size_bytes: blob.size_bytes.unsigned_abs(),
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

/// Returns a program or a file.
#[utoipa::path(get, path = "/api/v1/binaries/{sha256}", tag = "binaries",
    params(("sha256" = String, Path, description = "Its hash")),
    responses((status = 200, description = "The program", body = Vec<u8>,
            content_type = "application/octet-stream"),
        (status = 404, description = "No such program", body = ErrorBody)))]
pub(crate) async fn download(
    State(app): State<App>,
    sha256: Result<Path<String>, PathRejection>,
) -> Result<Response, Refusal> {
    let unknown = || Refusal::not_found("no such binary");
    let Path(sha256) = sha256.map_err(|_| unknown())?;
    if !is_hash(&sha256) {
        return Err(unknown().about(
            "binary_sha256",
            sha256.chars().take(100).collect::<String>(),
        ));
    }
    let sha256 = sha256.to_ascii_lowercase();
    let unknown = || unknown().about("binary_sha256", sha256.clone());
    let hash = sha256.clone();
    let found = app
        .store
        .read(move |read| store::blobs::find(read, &hash))
        .await?;
    let blob = found.ok_or_else(unknown)?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, blob.size_bytes.to_string()),
    ];
    // Bytes that break off while they are read break the answer off: the reader sees it.
    let bytes = app.blobs.read(&blob).await?.ok_or_else(unknown)?;
    Ok((headers, Body::from_stream(bytes)).into_response())
}
