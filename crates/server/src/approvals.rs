//! Approvals: who may answer one, and what its answers and its time come to.

use engine::Run;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use store::{
    Batch,
    approvals::{AnswerRow, ApprovalRow, ApprovalStatus},
};
use wire::{
    TimestampMs,
    approvals::{Approval, ApprovalAnswer, ApprovalQuestion},
    playbooks::Requester,
};

use crate::access::{Principal, Scope};

/// What a step asks, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptQuestion {
    #[serde(flatten)]
    pub(crate) asked: ApprovalQuestion,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) requester: Option<Requester>,
}

/// An answer, as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct KeptAnswer {
    pub(crate) approved: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) input: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) comment: Option<String>,
}

impl KeptQuestion {
    pub(crate) fn of(row: &ApprovalRow) -> Result<Self, store::Error> {
        serde_json::from_slice(&row.question)
            .map_err(|error| store::Error::Corrupt(format!("an approval's question: {error}")))
    }

    /// Whether the playbook lets this caller answer.
    pub(crate) fn is_for(&self, principal: &Principal) -> bool {
        let Some(key) = principal.key() else {
            // Without keys, callers on this machine may do everything.
            return !matches!(principal, Principal::Builtin);
        };
        if self.asked.roles.is_empty() {
            return key.scopes.allow(Scope::PlaybooksExecute);
        }
        let mut roles = self.asked.roles.iter();
        roles.any(|one| *one == key.role || *one == key.name)
    }

    /// Whether the caller started the execution, and may therefore not answer.
    pub(crate) fn is_own(&self, actor: &str) -> bool {
        let requester = self.requester.as_ref();
        self.asked.not_requester && requester.is_some_and(|requester| requester.id == actor)
    }
}

/// The approval, ended as it says if its time is over. Its run is locked.
pub(crate) fn settled(
    batch: &mut Batch<'_, '_>,
    row: ApprovalRow,
    now: i64,
) -> Result<ApprovalRow, store::Error> {
    if row.status != ApprovalStatus::Open || row.due_at.is_none_or(|due_at| due_at > now) {
        return Ok(row);
    }
    let question = KeptQuestion::of(&row)?;
    let status = match question.asked.on_timeout.as_str() {
        "approve" => ApprovalStatus::Approved,
        "reject" => ApprovalStatus::Rejected,
        _ => ApprovalStatus::Expired,
    };
    let approved = status == ApprovalStatus::Approved;
    let event = answered(&row, &question, (approved, status), None);
    store::approvals::expire(batch, &row, status, event, now)?;
    Ok(ApprovalRow {
        status,
        ended_at: Some(now),
        ..row
    })
}

/// What is told when an approval was answered, by `who` with what comment, or its time is over.
pub(crate) fn answered(
    row: &ApprovalRow,
    question: &KeptQuestion,
    (approved, status): (bool, ApprovalStatus),
    who: Option<(&str, Option<&str>)>,
) -> Value {
    let (by, comment) = who.unzip();
    json!({
        "approval_id": row.id.to_string(),
        "step": question.asked.step_id,
        "step_name": question.asked.step_name,
        "path": question.asked.path,
        "approved": approved,
        "by": by,
        "comment": comment.flatten(),
        "approval_status": status.as_str(),
    })
}

/// An approval as the caller sees it.
pub(crate) fn shown(
    row: &ApprovalRow,
    run: &Run,
    (principal, actor): (&Principal, &str),
    now: i64,
) -> Result<Approval, store::Error> {
    let question = KeptQuestion::of(row)?;
    let is_open = is_open(row, run, now);
    // One of a run that has ended is over, whatever its row says.
    let status = match row.status {
        ApprovalStatus::Open if run.state.status().is_terminal() => ApprovalStatus::Withdrawn,
        status => status,
    };
    let answered = row.answers.iter().any(|answer| answer.actor == actor);
    let may_answer = is_open && question.is_for(principal) && !question.is_own(actor) && !answered;
    Ok(Approval {
        id: row.id.to_string(),
        execution_id: row.run.to_string(),
        playbook_name: run.name.clone(),
        requester: question.requester.map(|one| one.shown().to_owned()),
        question: question.asked,
        status: status.as_str().to_owned(),
        asked_at: TimestampMs(row.asked_at),
        due_at: row.due_at.map(TimestampMs),
        ended_at: row.ended_at.map(TimestampMs),
        answers: answers(&row.answers)?,
        may_answer,
    })
}

/// Whether it can be answered.
pub(crate) fn is_open(row: &ApprovalRow, run: &Run, now: i64) -> bool {
    row.status == ApprovalStatus::Open
        && row.due_at.is_none_or(|due_at| due_at > now)
        && !run.state.status().is_terminal()
}

/// What was answered, in order.
pub(crate) fn answers(rows: &[AnswerRow]) -> Result<Vec<ApprovalAnswer>, store::Error> {
    let answers = rows.iter().map(|row| {
        let kept: KeptAnswer = serde_json::from_slice(&row.body)
            .map_err(|error| store::Error::Corrupt(format!("an approval's answer: {error}")))?;
        let by = if row.actor_name.is_empty() {
            &row.actor
        } else {
            &row.actor_name
        };
        Ok(ApprovalAnswer {
            by: by.clone(),
            approved: kept.approved,
            input: kept.input,
            comment: kept.comment,
            at: TimestampMs(row.at),
        })
    });
    answers.collect()
}
