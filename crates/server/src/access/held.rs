//! What an executor's key may read: only what belongs to the runs that its executor holds.

use axum::{
    RequestExt,
    extract::{MatchedPath, RawPathParams, Request},
    http::Method,
};

use super::{Principal, scope::Scope};
use crate::app::App;

/// Routes on which holding the run opens what the key's scopes alone do not.
const OF_A_RUN: [&str; 2] = ["/api/v1/jobs/{id}", "/api/v1/jobs/{id}/logs"];
/// Routes on which an executor reads what earlier attempts left of a run that it holds: all parts, of which a claim
/// carries some, and artefacts.
const OF_EARLIER_ATTEMPTS: [&str; 2] = ["/api/runs/{id}/parts", "/api/runs/{id}/artifacts/{*name}"];
/// The route on which an executor's key opens only what one of its runs names.
const OF_A_PROGRAM: &str = "/api/v1/binaries/{sha256}";

/// A request that is let through because its executor holds the run: what takes long must end when it no
/// longer does.
#[derive(Clone, Debug)]
pub(crate) struct WhileHeld {
    pub(crate) executor: String,
}

/// Whether holding decides. `allowed` is what the scopes alone say.
pub(super) fn concerns(
    scope: Scope,
    principal: &Principal,
    request: &Request,
    allowed: bool,
) -> bool {
    if principal.executor().is_none() || !matches!(*request.method(), Method::GET | Method::HEAD) {
        return false;
    }
    let path = request.extensions().get::<MatchedPath>();
    let path = path.map(MatchedPath::as_str).unwrap_or_default();
    match scope {
        Scope::JobsRead => !allowed && OF_A_RUN.contains(&path),
        Scope::Known => !allowed && OF_EARLIER_ATTEMPTS.contains(&path),
        Scope::RunsPerform => allowed && path == OF_A_PROGRAM,
        _ => false,
    }
}

/// Whether the executor holds the run, or a run that names the program, of the request's path.
pub(super) async fn holds(
    app: &App,
    principal: &Principal,
    request: &mut Request,
) -> Result<bool, store::Error> {
    let Some(executor) = principal.executor().map(str::to_owned) else {
        return Ok(false);
    };
    let Ok(params) = request.extract_parts::<RawPathParams>().await else {
        return Ok(false);
    };
    let Some((name, value)) = params.iter().next() else {
        return Ok(false);
    };
    if name == "id" {
        let Ok(id) = value.parse() else {
            return Ok(false);
        };
        let held = WhileHeld {
            executor: executor.clone(),
        };
        request.extensions_mut().insert(held);
        let holds =
            move |read: &mut store::Read<'_, '_>| store::executors::holds(read, &executor, id);
        return app.store.read(holds).await;
    }
    let sha256 = value.to_ascii_lowercase();
    app.store
        .read(move |read| store::executors::holds_blob(read, &executor, &sha256))
        .await
}
