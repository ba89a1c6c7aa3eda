//! A step's child: a run of another kind, which belongs to the execution.

use std::{collections::BTreeMap, time::Duration};

use engine::{Kind, WaitFor};
use serde_json::{Value, json};
use wire::{
    executors::{ChildRun, JobSecrets, SubmitChild},
    jobs::Stream,
};

use crate::attempt::execution::call::{StepCall, StepEnd};

/// What a step wants a child to do.
pub(super) struct ChildRequest {
    pub(super) kind: Kind,
    pub(super) submission: Value,
    /// Of a job: the playground whose services it is to reach.
    pub(super) playground: Option<String>,
    pub(super) contents: BTreeMap<String, String>,
    pub(super) secrets: JobSecrets,
}

/// Starts the child, or finds the one that this try has started, and waits for its end. When the step's time is
/// over it fails, and with its part's next report the server cancels the child.
pub(super) async fn ended(call: &StepCall<'_>, request: ChildRequest) -> Result<ChildRun, StepEnd> {
    let noun = request.kind.as_str().replace('_', " ");
    // A run's input is kept as it is.
    let kept = json!([request.submission, request.contents]).to_string();
    if call.context.redactor.finds_in(&kept) {
        let why = format!(
            "its parameters have a secret, which the {noun} would keep in its input: only `env` and \
             `arguments` of `job.run` may have secrets"
        );
        return Err(StepEnd::refused(why));
    }
    let submit = SubmitChild {
        lease: call.lease(),
        step: call.key.to_string(),
        kind: request.kind.as_str().to_owned(),
        submission: request.submission,
        playground: request.playground,
        contents: request.contents,
        secrets: request.secrets,
    };
    let (client, run) = (&call.context.runner.client, call.context.taken.id);
    let mut news = call.news();
    loop {
        news.looks();
        let child = call.asked(|| client.submit_child(run, &submit)).await?;
        if child.submitted {
            let line = format!("{}: {noun} {} started\n", call.key, child.id);
            call.context
                .log
                .write(Stream::Stdout, line.as_bytes())
                .await;
        }
        if child.has_ended() {
            return Ok(child);
        }
        let left = call
            .timeout
            .checked_sub(Duration::from_millis(child.age_ms));
        match left.filter(|left| !left.is_zero()) {
            Some(left) => news.wait(WaitFor::Child, Some(left)).await,
            None => return Err(call.timed_out()),
        }
    }
}

/// What the child left, in the form of its kind.
pub(super) fn outcome<T: serde::de::DeserializeOwned>(child: &ChildRun) -> Result<T, StepEnd> {
    let outcome = child.outcome.clone().filter(|outcome| !outcome.is_null());
    let outcome = outcome.and_then(|outcome| serde_json::from_value(outcome).ok());
    outcome.ok_or_else(|| StepEnd::refused(format!("run {} was deleted", child.id)))
}
