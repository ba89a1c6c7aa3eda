//! The library is read.

use axum::extract::State;
use wire::playbooks::{PlaybookDetails, PlaybookList};

use super::view;
use crate::{app::App, http::extract::PathParams, library::playbook_path, refusal::Refusal};

/// Lists the playbooks of the library by path, and the files that cannot be read as one.
#[utoipa::path(get, path = "/api/playbooks", tag = "playbooks",
    responses((status = 200, description = "The playbooks", body = PlaybookList)))]
pub(crate) async fn list(State(app): State<App>) -> Result<axum::Json<PlaybookList>, Refusal> {
    let mut list = PlaybookList::default();
    for found in app.library.list().await? {
        match &found.loaded {
            Ok(loaded) => list.playbooks.push(view::summary(&found, loaded)),
            Err(problems) => {
                let path = Some(found.path.as_str());
                list.problems
                    .extend(problems.iter().map(|one| view::problem(path, one)));
            }
        }
    }
    Ok(axum::Json(list))
}

/// A playbook with its parameters and steps. The path may be URL-encoded or not.
#[utoipa::path(get, path = "/api/playbooks/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Where it is in the library")),
    responses((status = 200, description = "The playbook", body = PlaybookDetails),
        (status = 400, description = "The path is not one, or the file cannot be read"),
        (status = 404, description = "No such playbook")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams(path): PathParams<String>,
) -> Result<axum::Json<PlaybookDetails>, Refusal> {
    let found = app.library.get(playbook_path(&path)?).await?;
    let loaded = found.playable()?;
    Ok(axum::Json(view::details(&found, loaded)))
}
