//! Files that playspecs mount into services.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use multer::{Field, Multipart};
use serde::Deserialize;
use store::{
    Batch, Read,
    audit::Target,
    blobs::Blob,
    playgrounds::{self, FileRow},
};
use wire::playgrounds::{ChangeMountedFile, MountedFileView};

use super::{row_of, view};
use crate::{
    app::App,
    audit::AuditContext,
    http::extract::{Json, Params, PathParams},
    playgrounds::{FieldErrors, invalid, quota_exceeded},
    refusal::{Refusal, RefusalKind},
};

const FILES_LIMIT: i64 = 50;
const FILE_LIMIT: usize = 500 << 20;
/// The longest of the other fields, in bytes.
const FIELD_LIMIT: usize = 64 << 10;
const PATH_LIMIT: usize = 1_000;

/// What a form says of a file.
#[derive(Debug, Default)]
struct Form {
    file: Option<(String, Blob)>,
    mount_path: Option<String>,
    target_services: Vec<String>,
    readonly: Option<String>,
}

/// Adds a file that is mounted into services. Fields of the form: `file`, `mount_path` (absolute),
/// `target_services[]` (none for all) and `readonly` (default true).
#[utoipa::path(post, path = "/api/playspecs/{id}/add_mounted_file", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name")),
    request_body(content = String, content_type = "multipart/form-data"),
    responses((status = 201, description = "Added", body = MountedFileView),
        (status = 400, description = "The form is malformed"),
        (status = 404, description = "No such playspec"),
        (status = 408, description = "Nothing came for a minute"),
        (status = 413, description = "Too large"),
        (status = 415, description = "Not a form"),
        (status = 422, description = "A field is wrong, or there are too many files")))]
pub(crate) async fn add(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    request: Request,
) -> Result<(StatusCode, axum::Json<MountedFileView>), Refusal> {
    let spec = row_of(&app, &id).await?;
    let form = read_form(&app, request).await?;
    let mut errors = FieldErrors::default();
    let mount_path = form.mount_path.unwrap_or_default();
    errors.note("mount_path", mounted_at(&mount_path));
    let readonly = truth(form.readonly.as_deref(), &mut errors);
    if form.file.is_none() {
        errors.add("file", "can't be blank");
    }
    errors.refuse()?;
    let (name, blob) = form
        .file
        .ok_or_else(|| Refusal::internal("a field was not checked"))?;
    let now = app.now_ms();
    let row = FileRow {
        id: 0,
        playspec_id: spec.id,
        name,
        sha256: blob.sha256.clone(),
        size_bytes: blob.size_bytes,
        mount_path,
        services: serde_json::json!(form.target_services).to_string(),
        readonly: readonly.unwrap_or(true),
        created_at: now,
    };
    let target = Target::one("playspec", spec.id.to_string());
    let entry = audit_context.entry(now, target).detail(&row.mount_path);
    let (new, uploaded) = (row.clone(), blob.clone());
    let work = move |batch: &mut Batch<'_, '_>| {
        let object = store::blobs::add(batch, &uploaded, now)?;
        let id = playgrounds::add_file(batch, &new, FILES_LIMIT, &entry)?;
        Ok((id, object))
    };
    let (file_id, object) = app.store.write(work).await?;
    app.blobs.settle(&blob, &object).await;
    let file_id = file_id.ok_or_else(|| quota_exceeded("files of the playspec", FILES_LIMIT))?;
    let row = FileRow { id: file_id, ..row };
    Ok((StatusCode::CREATED, axum::Json(view::file(row))))
}

/// Reads a form; the file in it is stored while it comes.
async fn read_form(app: &App, request: Request) -> Result<Form, Refusal> {
    let boundary = boundary(request.headers())?;
    let mut parts = Multipart::new(request.into_body().into_data_stream(), boundary);
    let mut form = Form::default();
    while let Some(field) = parts.next_field().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "file" => form.file = Some(stored(app, field).await?),
            "mount_path" => form.mount_path = Some(text(field).await?),
            "readonly" => form.readonly = Some(text(field).await?),
            "target_services" | "target_services[]" => {
                let names = text(field).await?;
                let names = names
                    .split(',')
                    .map(str::trim)
                    .filter(|name| !name.is_empty());
                form.target_services.extend(names.map(str::to_owned));
            }
            _ => drop(text(field).await?),
        }
    }
    Ok(form)
}

fn boundary(headers: &HeaderMap) -> Result<String, Refusal> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    multer::parse_boundary(kind.unwrap_or_default()).map_err(|_| {
        let message = "the content type must be multipart/form-data with a boundary";
        Refusal::new(RefusalKind::UnsupportedMediaType, message)
    })
}

/// Stores the bytes of a file.
async fn stored(app: &App, field: Field<'_>) -> Result<(String, Blob), Refusal> {
    let name = field.file_name().unwrap_or("file");
    let name: String = name.chars().filter(|c| !c.is_control()).take(255).collect();
    let mut taken = 0_usize;
    let bytes = field.map(move |piece| {
        let piece: Bytes = piece.map_err(|error| error.to_string())?;
        taken += piece.len();
        match taken <= FILE_LIMIT {
            true => Ok(piece),
            false => Err(format!("the file is larger than {FILE_LIMIT} bytes")),
        }
    });
    let blob = app
        .blobs
        .upload(&app.store, app.now_ms(), Box::pin(bytes), true)
        .await?;
    Ok((name, blob))
}

/// A short field.
async fn text(mut field: Field<'_>) -> Result<String, Refusal> {
    let mut bytes = Vec::new();
    while let Some(piece) = field.try_next().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > FIELD_LIMIT {
            let message = format!("a field of the form is larger than {FIELD_LIMIT} bytes");
            return Err(Refusal::new(RefusalKind::TooLarge, message));
        }
    }
    String::from_utf8(bytes).map_err(|_| Refusal::bad_request("a field of the form is not UTF-8"))
}

fn broken(error: &multer::Error) -> Refusal {
    Refusal::bad_request(format!("the form is malformed: {error}"))
}

/// An absolute path, without a way up.
fn mounted_at(path: &str) -> Result<(), String> {
    let is_absolute = path.starts_with('/')
        && path.len() > 1
        && path.len() <= PATH_LIMIT
        && !path.ends_with('/')
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == ".." || part == ".");
    match is_absolute {
        true => Ok(()),
        false => Err("must be the absolute path of a file".to_owned()),
    }
}

fn truth(word: Option<&str>, errors: &mut FieldErrors) -> Option<bool> {
    match word {
        None => None,
        Some("true" | "1") => Some(true),
        Some("false" | "0") => Some(false),
        Some(_) => {
            errors.add("readonly", "must be true or false");
            None
        }
    }
}

/// Changes how a file is mounted.
#[utoipa::path(patch, path = "/api/playspecs/{id}/update_mounted_file", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name")),
    request_body = ChangeMountedFile,
    responses((status = 200, description = "The file", body = MountedFileView),
        (status = 400, description = "The body is malformed"),
        (status = 404, description = "No such playspec, or no such file"),
        (status = 422, description = "A field is wrong")))]
pub(crate) async fn change(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Json(change): Json<ChangeMountedFile>,
) -> Result<axum::Json<MountedFileView>, Refusal> {
    let spec = row_of(&app, &id).await?;
    let spec_id = spec.id;
    let files = app
        .store
        .read(move |read: &mut Read<'_, '_>| playgrounds::files(read, spec_id))
        .await?;
    let before = files.into_iter().find(|file| file.id == change.id);
    let mut file = before.ok_or_else(|| no_file(change.id))?;
    if let Some(path) = change.mount_path {
        mounted_at(&path).map_err(|message| invalid("mount_path", message))?;
        file.mount_path = path;
    }
    if let Some(services) = change.target_services {
        file.services = serde_json::json!(services).to_string();
    }
    file.readonly = change.readonly.unwrap_or(file.readonly);
    let now = app.now_ms();
    let target = Target::one("playspec", spec.id.to_string());
    let entry = audit_context.entry(now, target).detail(&file.mount_path);
    let after = file.clone();
    let work =
        move |batch: &mut Batch<'_, '_>| playgrounds::change_file(batch, &after, now, &entry);
    match app.store.write(work).await? {
        true => Ok(axum::Json(view::file(file))),
        false => Err(no_file(change.id)),
    }
}

/// Which file.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct FileQuery {
    /// The file's id.
    #[serde(alias = "mounted_file_id")]
    id: i64,
}

/// Removes a file from a playspec.
#[utoipa::path(delete, path = "/api/playspecs/{id}/remove_mounted_file", tag = "playspecs",
    params(("id" = String, Path, description = "Its id, or its name"), FileQuery),
    responses((status = 204, description = "Removed"),
        (status = 400, description = "The file's id is missing"),
        (status = 404, description = "No such playspec, or no such file")))]
pub(crate) async fn remove(
    State(app): State<App>,
    audit_context: AuditContext,
    PathParams(id): PathParams<String>,
    Params(query): Params<FileQuery>,
) -> Result<StatusCode, Refusal> {
    let spec = row_of(&app, &id).await?;
    let now = app.now_ms();
    let target = Target::one("playspec", spec.id.to_string());
    let entry = audit_context.entry(now, target);
    let of = (spec.id, query.id);
    let work = move |batch: &mut Batch<'_, '_>| playgrounds::remove_file(batch, of, now, &entry);
    match app.store.write(work).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(no_file(query.id)),
    }
}

fn no_file(id: i64) -> Refusal {
    Refusal::not_found(format!("the playspec has no file {id}"))
}
