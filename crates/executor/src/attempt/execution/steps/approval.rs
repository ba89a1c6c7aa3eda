//! `approval`, and the question of a `gate`.

use std::time::Duration;

use engine::WaitFor;
use serde_json::json;
use wire::{
    approvals::ApprovalQuestion,
    executors::{AskApproval, AskedApproval},
};

use crate::attempt::execution::call::{Done, Left, StepCall, StepEnd, StepError, text};

/// A time that is longer is none: steps without one of their own have it.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

pub(super) async fn approval(call: &StepCall<'_>) -> Done {
    let prompt = call.parameters.text("prompt")?;
    let asked = ask(call, prompt).await?;
    let output = output(&asked);
    ended(&asked, Left::output(output))
}

/// Asks, and waits for the answers that are needed or for the end of the time.
pub(super) async fn ask(call: &StepCall<'_>, prompt: String) -> Result<AskedApproval, StepEnd> {
    let parameters = &call.parameters;
    let count = parameters.number("count")?.unwrap_or(1.0);
    if count.fract() != 0.0 || !(1.0..=100.0).contains(&count) {
        return Err(StepEnd::refused("parameter `count` is not from 1 to 100"));
    }
    let wait = parameters.seconds(
        "wait",
        call.timeout.as_secs_f64().min(LONGEST.as_secs_f64()),
    )?;
    let roles = parameters.list("roles")?.into_iter().flatten();
    // People see it, and it is kept.
    let redactor = &call.context.redactor;
    let input = parameters.map("input")?.map(|schema| json!(schema));
    let question = ApprovalQuestion {
        step_id: call.key.name.clone(),
        step_name: call.name.clone(),
        path: call.key.path.clone(),
        prompt: redactor.text(prompt),
        input: input.map(|schema| redactor.value(schema)),
        roles: roles.map(text).collect(),
        count: count as u32,
        not_requester: parameters.flag("not_requester", false)?,
        on_timeout: parameters
            .optional_text("on_timeout")
            .unwrap_or_else(|| "fail".to_owned()),
    };
    let wait_ms = (wait < LONGEST).then(|| wait.as_millis().try_into().unwrap_or(u64::MAX));
    let ask = AskApproval {
        lease: call.lease(),
        question,
        wait_ms,
    };
    let (client, run) = (&call.context.runner.client, call.context.taken.id);
    let mut news = call.news();
    loop {
        news.looks();
        let asked = call.asked(|| client.ask_approval(run, &ask)).await?;
        if asked.status != "open" {
            return Ok(asked);
        }
        let left = asked.left_ms.map(Duration::from_millis);
        news.wait(WaitFor::Approval, left).await;
    }
}

/// The step's output: the decision, who answered, and when.
pub(super) fn output(asked: &AskedApproval) -> serde_json::Value {
    let last = asked.answers.last();
    let by: Vec<&str> = asked.answers.iter().map(|one| one.by.as_str()).collect();
    json!({
        "approved": asked.status == "approved",
        "by": by,
        "at": last.map(|one| one.at).or(asked.ended_at),
        "input": last.and_then(|one| one.input.clone()),
        "comment": last.and_then(|one| one.comment.clone()),
    })
}

/// How a step ends with the answers. A rejection fails it, and is final; what was answered is its output all the
/// same.
pub(super) fn ended(asked: &AskedApproval, left: Left) -> Done {
    let last = asked.answers.last();
    let message = match asked.status.as_str() {
        "approved" => return Ok(left),
        "rejected" => match last {
            Some(answer) => {
                let comment = answer.comment.as_ref();
                let comment = comment.map(|text| format!(": {text}")).unwrap_or_default();
                format!("rejected by {}{comment}", answer.by)
            }
            None => "rejected: no answer came in time".to_owned(),
        },
        "expired" => return Err(StepEnd::failed("no answer came in time")),
        status => format!("the approval was {status}"),
    };
    Err(StepEnd::Failed(
        StepError {
            message,
            last: true,
        },
        left,
    ))
}
