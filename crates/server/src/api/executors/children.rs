//! Steps start other runs, and look how they stand.

use std::convert::Infallible;

use axum::extract::State;
use bytes::Bytes;
use engine::{Kind, Run, RunId};
use futures_util::stream;
use serde_json::Value;
use store::{Batch, Read, audit::Target, children::PartTry, runs::Submit};
use wire::executors::{ChildRun, SubmitChild};

use super::{
    approvals::{started, started_by},
    holder, refuse,
};
use crate::{
    access::ExecutorIdentity,
    app::App,
    audit::AuditContext,
    http::extract::{Json, PathRunId},
    kinds::{self, ChildRules},
    playgrounds::of_job,
    refusal::Refusal,
};

/// Starts a child of an execution, or answers how it stands: asked again for the same try of the same part, it
/// is the same child. Its end wakes the execution.
#[utoipa::path(post, path = "/api/runs/{id}/children", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = SubmitChild,
    responses((status = 200, description = "The child", body = ChildRun),
        (status = 400, description = "What it is to do is wrong"),
        (status = 404, description = "No such run, or its lease is another's"),
        (status = 409, description = "The run was cancelled")))]
pub(crate) async fn submit(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    audit_context: AuditContext,
    Json(request): Json<SubmitChild>,
) -> Result<axum::Json<ChildRun>, Refusal> {
    let holder = holder(&identity, &request.lease.executor, request.lease.token)?;
    let (kind, rules) = rules(&request.kind)?;
    let of = PartTry {
        run: id,
        part: request.lease.part,
        tries: i64::from(request.lease.tries),
    };
    let now = app.now_ms();
    let known = app
        .store
        .read(move |read| store::children::of_part(read, of));
    if let Some(child) = known.await? {
        let look = move |read: &mut Read<'_, '_>| {
            store::runs::owned(read, id, &holder, "start a child")?;
            shown(read, rules, child, now)
        };
        return Ok(axum::Json(app.store.read(look).await.map_err(refuse)?));
    }
    let owner = holder.clone();
    let requester = app.store.read(move |read| {
        // Nothing is uploaded for somebody who does not own the lease.
        store::runs::owned(read, id, &owner, "start a child")?;
        Ok(started_by(read, id)?.requester)
    });
    let requester = requester.await.map_err(refuse)?;
    let mut wanted = request.submission;
    for (name, content) in request.contents {
        let file = uploaded(&app, content, now).await?;
        if let Some(files) = wanted.get_mut("files").and_then(Value::as_object_mut) {
            files.insert(name, file.into());
        }
    }
    let mut submission = (rules.submission)(app.clone(), wanted).await?;
    if let Some(name) = request.playground.filter(|_| kind == Kind::Job) {
        submission = of_job(&app, &name, submission).await?;
    }
    submission.run.parent = Some(id);
    if !request.secrets.is_empty() {
        let sealer = app.vault.sealer(&app.store).await?;
        submission.input =
            sealer.seal_input(submission.run.id, &submission.input, &request.secrets);
    }
    let entry = audit_context
        .entry(now, Target::runs(kind.as_str(), &[submission.run.id]))
        .detail(started(&request.step, id, requester.as_ref()));
    let child = submission.run.id;
    let new = Submit {
        entry: Some(Box::new(entry)),
        ..Submit::new([submission], app.aging_step_ms(), now)
    };
    let work = move |batch: &mut Batch<'_, '_>| {
        let found = store::children::submit(batch, of, &holder, &new)?;
        let run = shown(&mut batch.read(), rules, found, now)?;
        Ok(ChildRun {
            submitted: found == child,
            ..run
        })
    };
    Ok(axum::Json(app.store.write(work).await.map_err(refuse)?))
}

fn rules(kind: &str) -> Result<(Kind, &'static ChildRules), Refusal> {
    let kind = kind.parse::<Kind>().ok();
    let found = kind.and_then(|kind| Some((kind, kinds::of(kind).child.as_ref()?)));
    found.ok_or_else(|| Refusal::field("kind", "kind must be one of job, plugin_job"))
}

/// The child as it is now.
fn shown(
    read: &mut Read<'_, '_>,
    rules: &ChildRules,
    child: RunId,
    now: i64,
) -> Result<ChildRun, store::Error> {
    let body = |status: &str, age_ms: i64, outcome| ChildRun {
        id: child.to_string(),
        submitted: false,
        status: status.to_owned(),
        age_ms: u64::try_from(age_ms).unwrap_or(0),
        outcome,
    };
    let details = match store::runs::details(read, child) {
        Ok(details) => details,
        // Retention removed it, long after its end.
        Err(store::Error::NotFound(_)) => return Ok(body("deleted", 0, Some(Value::Null))),
        Err(error) => return Err(error),
    };
    let Run {
        state, created_at, ..
    } = &details.run;
    let (status, age_ms) = (state.status(), now.saturating_sub(*created_at));
    let outcome = match status.is_terminal() {
        true => Some((rules.outcome)(read, details)?),
        false => None,
    };
    Ok(body(status.as_str(), age_ms, outcome))
}

/// Stores a file's content; answers its address.
async fn uploaded(app: &App, content: String, now: i64) -> Result<String, Refusal> {
    let bytes = stream::iter([Ok::<_, Infallible>(Bytes::from(content))]);
    let sha256 = app.blobs.keep(&app.store, now, bytes).await?;
    Ok(format!("{}/api/v1/binaries/{sha256}", app.public_url))
}
