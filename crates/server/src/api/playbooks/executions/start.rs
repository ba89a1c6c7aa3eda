//! A playbook is started.

use axum::{extract::State, http::HeaderMap};
use engine::{Kind, RunId};
use store::audit::Target;
use wire::{
    Object,
    playbooks::{NewExecution, StartedExecution},
};

use crate::{
    app::App,
    audit::AuditContext,
    executions,
    http::{body, json},
    refusal::Refusal,
    runs::submit,
};

/// Starts a playbook with everything that it reaches as it is now: what changes in the library afterwards
/// does not change the execution. It is on disk when this answers.
#[utoipa::path(post, path = "/api/executions", tag = "executions", request_body = NewExecution,
    params(("Idempotency-Key" = Option<String>, Header,
        description = "The same key and body within 24 hours: the same execution, no second one")),
    responses((status = 200, description = "Started", body = StartedExecution),
        (status = 400, description = "A field or a parameter is wrong"),
        (status = 404, description = "No such playbook or credential")))]
pub(crate) async fn start(
    State(app): State<App>,
    audit_context: AuditContext,
    headers: HeaderMap,
    request: axum::extract::Request,
) -> Result<axum::Json<StartedExecution>, Refusal> {
    let key = submit::idempotency_key(&headers)?;
    let bytes = body::read_json(request, json::BODY_LIMIT).await?;
    let Object::<NewExecution>(new) = json::parse_within(&bytes, json::HANDED_ON_DEPTH_LIMIT)?;
    // Keys of other contracts are other keys.
    let key = key.map(|key| (format!("executions {key}"), submit::hash(&bytes)));
    // The playbook may have changed or gone since the first time.
    if let Some(before) = started_before(&app, key.clone()).await? {
        return Ok(before);
    }
    let (name, submission) = executions::submission(&app, new, &audit_context.actor).await?;
    let target = Target::runs(Kind::Execution.as_str(), &[submission.run.id]);
    let entry = audit_context.entry(app.now_ms(), target);
    let id = submit::enter(&app, vec![submission], key, entry).await?.ids[0];
    Ok(started(id, name))
}

fn started(id: RunId, playbook_name: String) -> axum::Json<StartedExecution> {
    axum::Json(executions::started(id, playbook_name))
}

/// The execution that was started under this key.
async fn started_before(
    app: &App,
    key: Option<(String, Vec<u8>)>,
) -> Result<Option<axum::Json<StartedExecution>>, Refusal> {
    let Some((key, hash)) = key else {
        return Ok(None);
    };
    let found = app.store.read(move |read| {
        let Some(before) = store::runs::repeated(read, &key, &hash)? else {
            return Ok(None);
        };
        let id = before.ids[0];
        match store::runs::details(read, id) {
            Ok(details) => Ok(Some((id, details.run.name))),
            // It was deleted meanwhile.
            Err(store::Error::NotFound(_)) => Ok(Some((id, String::new()))),
            Err(error) => Err(error),
        }
    });
    Ok(found.await?.map(|(id, name)| started(id, name)))
}
