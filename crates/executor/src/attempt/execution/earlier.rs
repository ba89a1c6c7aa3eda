//! What earlier attempts of the execution left.

use std::collections::BTreeMap;

use playbook::{EditedParameters, JournalPart, PartStage, StepKey};
use serde_json::{Map, Value};
use wire::{
    Timestamp,
    client::Client,
    executors::{ClaimedRun, Stage},
    playbooks::ExecutionInput,
    runs::RunPart,
};

use crate::attempt::{
    Taken,
    progress_reporter::{Halt, Retry, within},
};

use super::{
    report::{RETRY_AT, UNTIL},
    titles::{Title, Titles},
};

/// A step that had begun when the run was parked: what happened then was meant to, and it goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resumed {
    /// Until when it sleeps, in epoch milliseconds.
    pub(super) until: Option<i64>,
    /// When its next try begins.
    pub(super) retry_at: Option<i64>,
}

/// The parts of all earlier attempts.
pub(super) async fn parts(client: &Client, run: &ClaimedRun) -> Result<Vec<RunPart>, Halt> {
    if !run.more_parts {
        return Ok(run.parts.clone());
    }
    let mut parts: Vec<RunPart> = Vec::new();
    let mut retry = Retry::default();
    loop {
        let after = parts.last().map_or(0, |part| part.number);
        match within(client.parts(&run.id, after)).await {
            Ok(page) if page.is_empty() => return Ok(parts),
            Ok(page) => parts.extend(page),
            Err(error) => retry.after(Taken::of(run), error).await?,
        }
    }
}

/// The parts as the playbook reads them, and the steps that go on. Of what had not ended, the titles are kept.
pub(super) fn read(
    parts: Vec<RunPart>,
    titles: &mut Titles,
) -> (Vec<JournalPart>, BTreeMap<StepKey, Resumed>) {
    let mut resumed = BTreeMap::new();
    let read = parts.into_iter().map(|mut part| {
        if part.stage == Stage::Skipped
            && let Some(body) = part.body.as_object_mut()
        {
            // What the report wrote: the playbook has the reason.
            body.remove("error");
        }
        let key = StepKey {
            path: part.path,
            name: part.name,
        };
        if !matches!(
            part.stage,
            Stage::Completed | Stage::Failed | Stage::Skipped
        ) && let Some(title) = Title::read(&part.body)
        {
            titles.begins(key.clone(), title);
        }
        if part.stage == Stage::Started {
            let time = |name| {
                let text = part.body.get(name)?.as_str()?;
                text.parse().ok().map(|Timestamp(ms)| ms)
            };
            let (until, retry_at) = (time(UNTIL), time(RETRY_AT));
            resumed.insert(key.clone(), Resumed { until, retry_at });
        }
        JournalPart {
            number: part.number,
            key,
            stage: stage(part.stage),
            tries: u32::try_from(part.tries).unwrap_or(0),
            body: part.body,
        }
    });
    (read.collect(), resumed)
}

/// The parameters that the execution began with, and those that were edited since.
pub(super) fn parameters(input: &ExecutionInput) -> (Map<String, Value>, Vec<EditedParameters>) {
    let mut edits: Vec<EditedParameters> = Vec::new();
    let mut parameters = input.parameters.clone();
    for restart in input.restarts.iter().rev() {
        if let Some(before) = &restart.parameters_before {
            let edited = std::mem::replace(&mut parameters, before.clone());
            let after = restart.after;
            edits.push(EditedParameters {
                after,
                parameters: edited,
            });
        }
    }
    edits.reverse();
    (parameters, edits)
}

/// The step that is performed again, unless it has begun since that was asked for.
pub(super) fn restart(input: &ExecutionInput, newest: i64) -> Option<StepKey> {
    let restart = input.restarts.last()?;
    let step = restart
        .from_step
        .as_ref()
        .filter(|_| newest <= restart.after)?;
    Some(StepKey {
        path: String::new(),
        name: step.clone(),
    })
}

fn stage(stage: Stage) -> PartStage {
    match stage {
        Stage::Started => PartStage::Started,
        Stage::Completed => PartStage::Completed,
        Stage::Failed => PartStage::Failed,
        Stage::Skipped => PartStage::Skipped,
        Stage::Cancelled => PartStage::Cancelled,
        Stage::Interrupted => PartStage::Interrupted,
    }
}
