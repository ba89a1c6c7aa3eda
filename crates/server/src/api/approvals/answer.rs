//! An approval is answered.

use axum::{Extension, extract::State};
use engine::{Run, RunId, WaitFor};
use serde_json::Value;
use store::{
    Batch,
    approvals::{AnswerRow, ApprovalRow, ApprovalStatus},
    audit::Target,
};
use wire::approvals::{AnswerApproval, Approval};

use super::unknown;
use crate::{
    access::{Principal, Scope},
    app::App,
    approvals::{self, KeptAnswer, KeptQuestion},
    audit::AuditContext,
    http::{
        body::offload,
        extract::{Json, PathRunId},
    },
    refusal::{Refusal, RefusalKind},
};

/// The largest body: what is filled in is a step's output.
const BODY_LIMIT: usize = 512 << 10;
const COMMENT_LIMIT: usize = 4_000;

/// Answers an approval, once for each caller. The last answer that is needed queues the execution in the same
/// commit; one rejection is enough.
#[utoipa::path(post, path = "/api/approvals/{id}", tag = "approvals",
    params(("id" = String, Path, description = "Approval id")), request_body = AnswerApproval,
    responses((status = 200, description = "The approval after it", body = Approval),
        (status = 400, description = "What is filled in is not what is asked for"),
        (status = 403, description = "The caller may not answer it"),
        (status = 404, description = "No such approval"),
        (status = 409, description = "It has ended, or the caller has answered it")))]
pub(crate) async fn answer(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    audit_context: AuditContext,
    Json(answer): Json<AnswerApproval, BODY_LIMIT>,
) -> Result<axum::Json<Approval>, Refusal> {
    if !principal.scopes().allow(Scope::ExecutionsRead) {
        return Err(unknown(id));
    }
    let answer = checked(&app, id, answer).await?;
    let (now, aging_step_ms) = (app.now_ms(), app.aging_step_ms());
    let actor = audit_context.actor.clone();
    let target = Target::one("approval", id.to_string());
    let entry = audit_context.entry(now, target);
    let work = move |batch: &mut Batch<'_, '_>| {
        let Some((row, run)) = store::approvals::lock(batch, id)? else {
            return Ok(Err(unknown(id)));
        };
        let question = KeptQuestion::of(&row)?;
        if let Some(refusal) = refusal(&row, &run, &question, (&principal, &actor.id), now) {
            return Ok(Err(refusal));
        }
        let kept = AnswerRow {
            actor: actor.id.clone(),
            actor_name: actor.name.clone(),
            // It was JSON before: it has a JSON form.
            body: serde_json::to_vec(&answer).unwrap_or_default(),
            at: now,
        };
        let ends = ending(&row, &question, answer.approved);
        let status = ends.unwrap_or(ApprovalStatus::Open);
        let who = (actor.name.as_str(), answer.comment.as_deref());
        let event = approvals::answered(&row, &question, (answer.approved, status), Some(who));
        store::approvals::answer(batch, (&row, &run), &kept, event)?;
        if let Some(status) = ends {
            store::approvals::end(batch, id, status, now)?;
            store::runs::wake(batch, run.id, WaitFor::Approval, aging_step_ms, now)?;
        }
        let decision = if answer.approved {
            "approved"
        } else {
            "rejected"
        };
        let detail = format!(
            "{decision}: step {} of execution {}",
            question.asked.step_id, run.id
        );
        batch.record(&entry.clone().detail(detail));
        let after = store::approvals::find(&mut batch.read(), id)?;
        let after = after.ok_or(store::Error::NotFound(id))?;
        approvals::shown(&after, &run, (&principal, &actor.id), now).map(Ok)
    };
    app.store.write(work).await?.map(axum::Json)
}

/// The answer, if it is what the question asks for, which never changes.
async fn checked(app: &App, id: RunId, answer: AnswerApproval) -> Result<KeptAnswer, Refusal> {
    let found = app.store.read(move |read| {
        let row = store::approvals::find(read, id)?;
        row.map(|row| KeptQuestion::of(&row)).transpose()
    });
    let question = found.await?.ok_or_else(|| unknown(id))?;
    let comment = answer.comment.filter(|text| !text.is_empty());
    if comment
        .as_ref()
        .is_some_and(|text| text.len() > COMMENT_LIMIT)
    {
        let message = format!("comment must have at most {COMMENT_LIMIT} bytes");
        return Err(Refusal::field("comment", message));
    }
    let kept = KeptAnswer {
        approved: answer.approved,
        input: answer.input.filter(|input| !input.is_null()),
        comment,
    };
    match (question.asked.input, &kept.input) {
        (None, Some(_)) => Err(Refusal::field("input", "this approval asks for no input")),
        // Who rejects need fill in nothing.
        (Some(schema), input) if kept.approved => {
            let input = input.clone().unwrap_or(Value::Null);
            // A pattern may take long.
            offload(usize::MAX, move || fits(&schema, &input)).await?;
            Ok(kept)
        }
        _ => Ok(kept),
    }
}

/// Whether the input is as its schema says. References lead into the schema itself: nothing is fetched.
fn fits(schema: &Value, input: &Value) -> Result<(), Refusal> {
    let wrong = |message: String| Refusal::field("input", message);
    let validator = jsonschema::validator_for(schema)
        .map_err(|error| wrong(format!("the approval's schema cannot be used: {error}")))?;
    validator.validate(input).map_err(|error| {
        let path = error.instance_path().to_string();
        let missing = if input.is_null() {
            " (nothing is filled in)"
        } else {
            ""
        };
        wrong(format!("input{path}: {error}{missing}"))
    })
}

/// Why the caller may not answer now.
fn refusal(
    row: &ApprovalRow,
    run: &Run,
    question: &KeptQuestion,
    (principal, actor): (&Principal, &str),
    now: i64,
) -> Option<Refusal> {
    let forbidden = |message: String| Some(Refusal::new(RefusalKind::Forbidden, message));
    if !question.is_for(principal) {
        let roles = question.asked.roles.join(", ");
        return forbidden(if roles.is_empty() {
            "the key does not have the scope playbooks:execute".to_owned()
        } else {
            format!("only these roles and keys may answer it: {roles}")
        });
    }
    if question.is_own(actor) {
        return forbidden("the caller who started the execution may not answer it".to_owned());
    }
    if run.state.status().is_terminal() {
        return Some(Refusal::conflict("its execution has ended"));
    }
    let status = row.status.as_str();
    if row.status != ApprovalStatus::Open {
        return Some(Refusal::conflict(format!(
            "the approval has ended: it is {status}"
        )));
    }
    if !approvals::is_open(row, run, now) {
        return Some(Refusal::conflict("the time to answer it is over"));
    }
    let answered = row.answers.iter().any(|answer| answer.actor == actor);
    answered.then(|| Refusal::conflict("the caller has answered it already"))
}

/// How the approval ends with this answer, if it does.
fn ending(row: &ApprovalRow, question: &KeptQuestion, approved: bool) -> Option<ApprovalStatus> {
    if !approved {
        return Some(ApprovalStatus::Rejected);
    }
    let needed = usize::try_from(question.asked.count).unwrap_or(usize::MAX);
    // All that were given so far approve: one rejection would have ended it.
    (row.answers.len() + 1 >= needed).then_some(ApprovalStatus::Approved)
}
