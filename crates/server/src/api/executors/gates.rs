//! Gates compare with the last good execution.

use axum::extract::State;
use store::Batch;
use wire::{
    executors::{CompareGate, ComparedGate},
    playbooks::StepBody,
};

use super::{approvals::started_by, holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::extract::{Json, PathRunId},
    refusal::Refusal,
};

/// Notes that a step is a gate, and answers what the same gate left in the newest execution of the same
/// playbook before this one that completed.
#[utoipa::path(post, path = "/api/runs/{id}/gates", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = CompareGate,
    responses((status = 200, description = "The same gate there", body = ComparedGate),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn compare(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<CompareGate>,
) -> Result<axum::Json<ComparedGate>, Refusal> {
    let holder = holder(&identity, &request.lease.executor, request.lease.token)?;
    let work = move |batch: &mut Batch<'_, '_>| {
        store::runs::hold(batch, id, &holder, "compare")?;
        let playbook = started_by(&mut batch.read(), id)?.playbook_path;
        let gate = (playbook.as_str(), request.step.as_str());
        store::gates::note(batch, gate, id, request.lease.part)?;
        store::gates::last_good(&mut batch.read(), gate, id)
    };
    let found = app.store.write(work).await.map_err(refuse)?;
    Ok(axum::Json(found.map_or_else(
        ComparedGate::default,
        |(run, body)| {
            ComparedGate {
                execution_id: Some(run.to_string()),
                output: serde_json::from_slice::<StepBody>(&body)
                    .ok()
                    .and_then(|body| body.output),
            }
        },
    )))
}
