//! Whether a playroom can be used.

use std::collections::BTreeMap;

use axum::extract::State;
use serde_json::json;
use wire::playgrounds::{CheckResult, TestedConnection};

use super::row_of;
use crate::{app::App, http::extract::PathParams, playgrounds::Directory, refusal::Refusal};

/// Says whether an executor reaches the Docker engine of a playroom, from what it registered and when it was heard
/// of.
#[utoipa::path(post, path = "/api/playrooms/{id}/test_connection", tag = "playrooms",
    params(("id" = String, Path, description = "Its id, or its name")),
    responses((status = 200, description = "What each check came to", body = TestedConnection),
        (status = 404, description = "No such playroom")))]
pub(crate) async fn test(
    State(app): State<App>,
    PathParams(id): PathParams<String>,
) -> Result<axum::Json<TestedConnection>, Refusal> {
    let row = row_of(&app, &id).await?;
    let directory = Directory::read(&app).await?;
    let rooms = directory.of(&row.key);
    let first = rooms.first();
    let executor = match first {
        Some(room) => good(format!("executor `{}` reaches it", room.executor)),
        None => bad(directory.why_it_waits(&row.key)),
    };
    let docker = match first.map(|room| &room.info) {
        None => bad(Some("it is not known without an executor".to_owned())),
        Some(info) => match &info.error {
            Some(error) => bad(Some(error.clone())),
            None => CheckResult {
                details: Some(json!({
                    "version": info.engine_version,
                    "compose_version": info.compose_version,
                    "platform": info.platform,
                })),
                ..good("the engine answers".to_owned())
            },
        },
    };
    let checks = BTreeMap::from([
        ("executor".to_owned(), executor),
        ("docker".to_owned(), docker),
    ]);
    Ok(axum::Json(TestedConnection {
        success: checks.values().all(|check| check.success),
        checks,
    }))
}

fn good(message: String) -> CheckResult {
    CheckResult {
        success: true,
        message,
        details: None,
    }
}

fn bad(message: Option<String>) -> CheckResult {
    CheckResult {
        success: false,
        message: message.unwrap_or_default(),
        details: None,
    }
}
