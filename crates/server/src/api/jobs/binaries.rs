//! Programs are uploaded and fetched.

use axum::{
    body::Body,
    extract::{Path, Request, State, rejection::PathRejection},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::TryStreamExt;
use store::audit::Target;
use tokio_util::io::ReaderStream;
use wire::jobs::{ErrorBody, UploadedBinary};

use crate::{
    app::App,
    audit::AuditContext,
    programs::{Stored, UploadError, is_hash},
    refusal::{Refusal, RefusalKind},
};

/// Takes a program as the raw request body, of any size up to the limit; nothing is kept in memory.
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
    let body = request.into_body().into_data_stream();
    let Stored {
        sha256,
        size_bytes,
        kept,
    } = app
        .programs
        .store(body)
        .await
        .map_err(|error| refuse(&error))?;
    let entry = audit_context.entry(app.now_ms(), Target::one("binary", &sha256));
    let (name, size) = (
        sha256.clone(),
        i64::try_from(size_bytes).unwrap_or(i64::MAX),
    );
    app.store
        .write(move |batch| store::binaries::add(batch, &name, size, &entry))
        .await?;
    drop(kept);
    let answer = UploadedBinary {
        binary_url: format!("{}/api/v1/binaries/{sha256}", app.public_url),
        binary_sha256: sha256,
        size_bytes,
    };
    Ok((StatusCode::CREATED, axum::Json(answer)))
}

fn refuse(error: &UploadError) -> Refusal {
    match error {
        UploadError::TooLarge(limit) => {
            Refusal::new(RefusalKind::TooLarge, error.to_string()).about("limit_bytes", *limit)
        }
        UploadError::Slow(_) => Refusal::new(RefusalKind::RequestTimeout, error.to_string()),
        UploadError::Empty | UploadError::Broken(_) => Refusal::field("body", error.to_string()),
        UploadError::Io(_) => {
            tracing::error!(%error, "an upload failed");
            Refusal::internal("the program could not be stored")
        }
    }
}

/// Gives a program out.
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
    let found = app.programs.read(&sha256).await.map_err(|error| {
        tracing::error!(%error, sha256, "a program could not be read");
        Refusal::internal("the program could not be read")
    })?;
    let (file, size) = found.ok_or_else(|| unknown().about("binary_sha256", sha256))?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_LENGTH, size.to_string()),
    ];
    // A program that breaks off while it is read breaks the answer off: the reader sees it.
    let body = Body::from_stream(ReaderStream::with_capacity(file, 128 * 1024).into_stream());
    Ok((headers, body).into_response())
}
