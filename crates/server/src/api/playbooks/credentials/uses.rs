//! Who used a credential for what.

use axum::extract::State;
use store::audit::{Filter, Record};
use wire::{
    Timestamp,
    playbooks::{CredentialUse, CredentialUses, UsesQuery},
};

use super::missing;
use crate::{
    app::App,
    http::extract::{Params, PathParams},
    refusal::Refusal,
    vault::UseDetail,
};

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 1_000;

/// Lists the uses of a credential, newest first, and the playbooks of the library that name it. Uses that were
/// refused are among them. They are known for as long as the audit keeps its lines.
#[utoipa::path(get, path = "/api/credentials/{name}/uses", tag = "credentials",
    params(("name" = String, Path, description = "Which credential"), UsesQuery),
    responses((status = 200, description = "A page of uses", body = CredentialUses),
        (status = 400, description = "A parameter is wrong"),
        (status = 404, description = "No such credential")))]
pub(crate) async fn uses(
    State(app): State<App>,
    PathParams(name): PathParams<String>,
    Params(query): Params<UsesQuery>,
) -> Result<axum::Json<CredentialUses>, Refusal> {
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit < 1 {
        return Err(Refusal::field("limit", "limit must be at least 1"));
    }
    let filter = Filter {
        before: query.before,
        action: Some("credential.use".to_owned()),
        target: Some(name.clone()),
        limit: limit.min(LIMIT_MAX),
        ..Filter::default()
    };
    let wanted = name.clone();
    let found = app.store.read(move |read| {
        let exists = store::credentials::find(read, &wanted)?.is_some();
        let page = store::audit::find(read, &filter)?;
        Ok(exists.then_some(page))
    });
    let page = found.await?.ok_or_else(|| missing(&name))?;
    let playbooks = app.library.list().await?;
    let refers = playbooks.iter().filter(|found| {
        let loaded = found.loaded.as_ref();
        loaded.is_ok_and(|loaded| loaded.playbook.credentials().contains(&name))
    });
    Ok(axum::Json(CredentialUses {
        uses: page.lines.iter().filter_map(shown).collect(),
        next: page.next,
        playbooks: refers.map(|found| found.path.as_str().to_owned()).collect(),
    }))
}

fn shown(line: &Record) -> Option<CredentialUse> {
    let UseDetail {
        run,
        executor,
        step,
    } = UseDetail::read(&line.entry.detail)?;
    // Without a step nothing used it: an attempt learned what it must not say.
    if step.is_empty() {
        return None;
    }
    Some(CredentialUse {
        number: line.number,
        at: Timestamp(line.entry.at),
        execution_id: run,
        step,
        executor,
        outcome: line.entry.outcome.as_str().to_owned(),
    })
}
