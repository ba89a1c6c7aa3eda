//! The library is read.

use std::collections::HashMap;

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use wire::playbooks::{PlaybookDetails, PlaybookList};

use super::{
    revisions::{self, RevisionQuery},
    view,
    write::etag,
};
use crate::{
    app::App,
    http::extract::{Params, PathParams},
    library::{is_playbook, playbook_path},
    refusal::Refusal,
};

/// Lists the playbooks of the library by path, and the files that cannot be read as one.
#[utoipa::path(get, path = "/api/playbooks", tag = "playbooks",
    responses((status = 200, description = "The playbooks", body = PlaybookList)))]
pub(crate) async fn list(State(app): State<App>) -> Result<axum::Json<PlaybookList>, Refusal> {
    let mut list = PlaybookList::default();
    let all = app.library.list().await?;
    app.library.keep(&app, &all).await?;
    let marks = app.store.read(store::revisions::marks).await?;
    let marks: HashMap<String, _> = marks.into_iter().collect();
    for found in all {
        match &found.loaded {
            Ok(loaded) => {
                let marks = marks.get(found.path.as_str()).cloned().unwrap_or_default();
                list.playbooks.push(view::summary(&found, loaded, &marks));
            }
            Err(problems) => {
                let path = Some(found.path.as_str());
                list.problems
                    .extend(problems.iter().map(|one| view::problem(path, one)));
            }
        }
    }
    Ok(axum::Json(list))
}

/// A playbook with its parameters and steps. The path may be URL-encoded or not. The header `ETag` has its revision.
///
/// The path may go on: `/revisions` lists the texts that it had, `/diff?from=&to=` compares two of them, and
/// `/export?revision=` has one of them, or that of the file.
#[utoipa::path(get, path = "/api/playbooks/{*path}", tag = "playbooks",
    params(("path" = String, Path, description = "Where it is in the library"), RevisionQuery),
    responses((status = 200, description = "The playbook", body = PlaybookDetails),
        (status = 400, description = "The path is not one, or the file cannot be read"),
        (status = 404, description = "No such playbook")))]
pub(crate) async fn get(
    State(app): State<App>,
    PathParams(path): PathParams<String>,
    Params(query): Params<RevisionQuery>,
) -> Result<Response, Refusal> {
    let (path, word) = suffix(&path);
    let path = match word {
        Some("revisions" | "diff" | "export") => playbook_path(path)?,
        Some(word) => playbook_path(&format!("{path}/{word}"))?,
        None => playbook_path(path)?,
    };
    match word {
        Some("revisions") => {
            let list = revisions::list(&app, &path).await?;
            Ok(axum::Json(list).into_response())
        }
        Some("diff") => {
            let diff = revisions::diff(&app, &path, query).await?;
            Ok(axum::Json(diff).into_response())
        }
        Some("export") => {
            let text = revisions::export(&app, &path, query).await?;
            Ok((etag(&text.revision), axum::Json(text)).into_response())
        }
        _ => {
            let found = app.library.get(path).await?;
            let loaded = found.playable()?;
            let details = view::details(&app, &found, loaded).await?;
            Ok((etag(&found.revision), axum::Json(details)).into_response())
        }
    }
}

/// The path of a playbook, and the word that follows it.
pub(super) fn suffix(path: &str) -> (&str, Option<&str>) {
    match path.rsplit_once('/') {
        Some((front, word)) if is_playbook(front) => (front, Some(word)),
        _ => (path, None),
    }
}
