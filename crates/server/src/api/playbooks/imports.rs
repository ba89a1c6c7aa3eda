//! The ways to write playbooks that clients of the original know.

use axum::extract::State;
use wire::playbooks::{
    ImportPlaybook, ImportedPlaybook, RenamePlaybook, UpdatePlaybook, UpdatedPlaybook,
};

use super::{
    duplicate::{exists, file_name, with_line},
    view,
    write::{Expected, Saved, save},
};
use crate::{
    app::App, audit::AuditContext, http::extract::Json, library::playbook_path, refusal::Refusal,
};

/// The longest description, in bytes.
const DESCRIPTION_LIMIT: usize = 2_000;

/// Replaces the text of a playbook, whatever it is now.
#[utoipa::path(put, path = "/api/playbooks/update", tag = "playbooks", request_body = UpdatePlaybook,
    responses((status = 200, description = "It is replaced", body = UpdatedPlaybook),
        (status = 400, description = "It cannot be read: file, line and column say where"),
        (status = 404, description = "No such playbook")))]
pub(crate) async fn update(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(new): Json<UpdatePlaybook>,
) -> Result<axum::Json<UpdatedPlaybook>, Refusal> {
    let path = playbook_path(&new.playbook_path)?;
    app.library.get(path.clone()).await?;
    let saved = save(
        &app,
        path,
        new.yaml_content,
        &Expected::Anything,
        audit_context,
    )
    .await?;
    updated(&saved)
}

/// Gives a playbook another name or description. Every other line of its file stays.
#[utoipa::path(patch, path = "/api/playbooks/metadata", tag = "playbooks", request_body = RenamePlaybook,
    responses((status = 200, description = "It has them", body = UpdatedPlaybook),
        (status = 400, description = "A field is wrong, or its file has them in no line of their own"),
        (status = 404, description = "No such playbook")))]
pub(crate) async fn rename(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(new): Json<RenamePlaybook>,
) -> Result<axum::Json<UpdatedPlaybook>, Refusal> {
    let path = playbook_path(&new.playbook_path)?;
    let found = app.library.get(path.clone()).await?;
    let playbook = &found.playable()?.playbook;
    let mut text = found.text.clone();
    for (key, value) in [("name", &new.name), ("description", &new.description)] {
        let Some(value) = value else {
            continue;
        };
        let is_line = !value.chars().any(char::is_control) && value.len() <= DESCRIPTION_LIMIT;
        if !is_line || (key == "name" && value.trim().is_empty()) {
            let message = format!("{key} must be one line of at most {DESCRIPTION_LIMIT} bytes");
            return Err(Refusal::field(key, message));
        }
        text = with_line(&text, key, value);
    }
    let renamed = playbook::parse(&text).map(|loaded| loaded.playbook);
    let is_renamed = renamed.is_ok_and(|after| {
        after.name == *new.name.as_ref().unwrap_or(&playbook.name)
            && after.description == *new.description.as_ref().unwrap_or(&playbook.description)
    });
    if !is_renamed {
        let message = "the file has its name or description in no line of its own: change the text";
        return Err(Refusal::bad_request(message).about("path", path.as_str()));
    }
    let expected = Expected::Revisions(vec![found.revision.clone()]);
    let saved = save(&app, path, text, &expected, audit_context).await?;
    updated(&saved)
}

/// Writes a playbook under a name.
#[utoipa::path(post, path = "/api/playbooks/create", tag = "playbooks", request_body = ImportPlaybook,
    responses((status = 200, description = "It is made", body = ImportedPlaybook),
        (status = 400, description = "It cannot be read, or there is such a file")))]
pub(crate) async fn create(
    app: State<App>,
    audit_context: AuditContext,
    new: Json<ImportPlaybook>,
) -> Result<axum::Json<ImportedPlaybook>, Refusal> {
    import(app, audit_context, new).await
}

/// Writes a playbook that was exported elsewhere.
#[utoipa::path(post, path = "/api/playbooks/import", tag = "playbooks", request_body = ImportPlaybook,
    responses((status = 200, description = "It is made", body = ImportedPlaybook),
        (status = 400, description = "It cannot be read, or there is such a file")))]
pub(crate) async fn import(
    State(app): State<App>,
    audit_context: AuditContext,
    Json(new): Json<ImportPlaybook>,
) -> Result<axum::Json<ImportedPlaybook>, Refusal> {
    let file = file_name("name", new.name.trim())?;
    let path = match new.domain.as_deref() {
        None | Some("") => file,
        Some(domain) => format!("{domain}/{file}"),
    };
    let path = playbook_path(&path)?;
    let expected = if new.overwrite {
        Expected::Anything
    } else {
        Expected::Absent
    };
    let saved = save(
        &app,
        path.clone(),
        new.yaml_content,
        &expected,
        audit_context,
    )
    .await;
    let Saved { found, .. } = saved.map_err(|refusal| exists(&path, refusal))?;
    let playbook = view::details(&app, &found, found.playable()?).await?;
    Ok(axum::Json(ImportedPlaybook {
        status: "success".to_owned(),
        message: "Playbook created successfully".to_owned(),
        path: path.as_str().to_owned(),
        playbook,
    }))
}

fn updated(saved: &Saved) -> Result<axum::Json<UpdatedPlaybook>, Refusal> {
    let playbook = &saved.found.playable()?.playbook;
    Ok(axum::Json(UpdatedPlaybook {
        status: "success".to_owned(),
        playbook_path: saved.found.path.as_str().to_owned(),
        name: playbook.name.clone(),
        description: playbook.description.clone(),
        revision: saved.found.revision.clone(),
        message: "Playbook updated successfully".to_owned(),
    }))
}
