//! Steps ask people, and look how that stands.

use axum::extract::State;
use engine::{Kind, RunId};
use serde::Deserialize;
use serde_json::json;
use store::{
    Batch, Read,
    approvals::{ApprovalRow, NewApproval},
};
use wire::{
    TimestampMs,
    approvals::ApprovalQuestion,
    executors::{AskApproval, AskedApproval},
    playbooks::Requester,
};

use super::{holder, refuse};
use crate::{
    access::ExecutorIdentity,
    app::App,
    approvals::{self, KeptQuestion},
    http::{
        check,
        extract::{Json, PathRunId},
    },
    refusal::Refusal,
};

/// What is asked, with its schema, in bytes.
const QUESTION_LIMIT: usize = 64 << 10;
/// What an event has of it.
const EVENT_PROMPT_LIMIT: usize = 2_000;
const ANSWERS_LIMIT: u32 = 100;

/// What the input of an execution says that concerns approvals and gates.
#[derive(Deserialize)]
pub(super) struct StartedBy {
    pub(super) playbook_path: String,
    #[serde(default)]
    pub(super) requester: Option<Requester>,
}

/// Asks for an approval, or answers how it stands: asked again for the same try of the same part, it is the
/// same approval. One whose time is over ends with this call.
#[utoipa::path(post, path = "/api/runs/{id}/approvals", tag = "executors",
    params(("id" = String, Path, description = "Run id")), request_body = AskApproval,
    responses((status = 200, description = "How it stands", body = AskedApproval),
        (status = 400, description = "The question is wrong"),
        (status = 404, description = "No such run, or its lease is another's")))]
pub(crate) async fn ask(
    State(app): State<App>,
    PathRunId(id): PathRunId,
    identity: ExecutorIdentity,
    Json(request): Json<AskApproval>,
) -> Result<axum::Json<AskedApproval>, Refusal> {
    let holder = holder(&identity, &request.lease.executor, request.lease.token)?;
    bounded(&request.question)?;
    let (now, approval) = (app.now_ms(), app.clock.run_id());
    let (part, tries) = (request.lease.part, i64::from(request.lease.tries));
    let wait = request
        .wait_ms
        .map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
    let question = request.question;
    let work = move |batch: &mut Batch<'_, '_>| {
        store::runs::hold(batch, id, &holder, "ask")?;
        let known = store::approvals::of_part(&mut batch.read(), id, part, tries)?;
        let row = match known {
            Some(row) => row,
            None => {
                let requester = started_by(&mut batch.read(), id)?.requester;
                let kept = KeptQuestion {
                    asked: question.clone(),
                    requester,
                };
                let new = NewApproval {
                    id: approval,
                    part,
                    tries,
                    // It was JSON before: it has a JSON form.
                    question: serde_json::to_vec(&kept).unwrap_or_default(),
                    due_at: wait.map(|wait| now.saturating_add(wait)),
                    event: event(approval, &question),
                };
                store::approvals::ask(batch, id, &holder, &new, now)?
            }
        };
        approvals::settled(batch, row, now)
    };
    let row = app.store.write(work).await.map_err(refuse)?;
    Ok(axum::Json(asked(&row, now)?))
}

fn asked(row: &ApprovalRow, now: i64) -> Result<AskedApproval, Refusal> {
    let left = row.due_at.map(|due_at| due_at.saturating_sub(now));
    Ok(AskedApproval {
        id: row.id.to_string(),
        status: row.status.as_str().to_owned(),
        left_ms: left.map(|left| u64::try_from(left).unwrap_or(0)),
        answers: approvals::answers(&row.answers)?,
        ended_at: row.ended_at.map(TimestampMs),
    })
}

/// How an execution was started.
pub(super) fn started_by(read: &mut Read<'_, '_>, id: RunId) -> Result<StartedBy, store::Error> {
    if store::runs::kind(read, id)? != Kind::Execution {
        return Err(store::Error::NotFound(id));
    }
    let input = store::runs::input(read, id)?;
    serde_json::from_slice(&input)
        .map_err(|error| store::Error::Corrupt(format!("an execution's input: {error}")))
}

/// What the audit says of something that a step started.
pub(super) fn started(step: &str, execution: RunId, requester: Option<&Requester>) -> String {
    let by = requester.map_or("an unknown caller", |one| one.shown());
    format!("step {step} of execution {execution}, started by {by}")
}

fn bounded(question: &ApprovalQuestion) -> Result<(), Refusal> {
    check::name("step_id", &question.step_id)?;
    if !(1..=ANSWERS_LIMIT).contains(&question.count) {
        let message = format!("count must be from 1 to {ANSWERS_LIMIT}");
        return Err(Refusal::field("count", message));
    }
    if !matches!(question.on_timeout.as_str(), "fail" | "approve" | "reject") {
        let message = "on_timeout must be one of fail, approve, reject";
        return Err(Refusal::field("on_timeout", message));
    }
    if json!(question).to_string().len() > QUESTION_LIMIT {
        let message = format!("the question must have at most {QUESTION_LIMIT} bytes");
        return Err(Refusal::field("question", message));
    }
    if let Some(schema) = &question.input {
        jsonschema::validator_for(schema).map_err(|error| {
            Refusal::field("input", format!("input is no JSON Schema: {error}"))
        })?;
    }
    Ok(())
}

fn event(id: RunId, question: &ApprovalQuestion) -> serde_json::Value {
    let prompt = &question.prompt;
    json!({
        "approval_id": id.to_string(),
        "step": question.step_id,
        "step_name": question.step_name,
        "path": question.path,
        "prompt": prompt[..prompt.floor_char_boundary(EVENT_PROMPT_LIMIT)],
    })
}
