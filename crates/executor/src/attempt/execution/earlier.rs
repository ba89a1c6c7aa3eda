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

use crate::{
    attempt::{
        Taken,
        progress_reporter::{Halt, wait_after, within},
    },
    backoff::Backoff,
};

use super::{
    report::{DEADLINE, FINALLY_UNTIL, RETRY_AT, UNTIL},
    steps,
    titles::{Title, Titles},
};

/// What goes on from earlier attempts besides the journal.
#[derive(Default)]
pub(super) struct Earlier {
    pub(super) resumed: BTreeMap<StepKey, Resumed>,
    /// When the time of `finally` steps is over, by their path, in epoch milliseconds.
    pub(super) finally_until: BTreeMap<String, i64>,
    /// The steps that logged in or out at gateways, in their order.
    pub(super) logins: Vec<StepKey>,
}

/// A step that had begun.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Resumed {
    /// It had when the run was parked, which was meant to be: it goes on.
    pub(super) parked: bool,
    /// An operator was asked about it.
    pub(super) asked: bool,
    /// Until when it sleeps, in epoch milliseconds.
    pub(super) until: Option<i64>,
    /// When its next try begins.
    pub(super) retry_at: Option<i64>,
    /// When its time is over, if it holds other steps.
    pub(super) deadline: Option<i64>,
}

/// Whether a step worked with a page of a browser.
pub(super) fn is_of_browser(part: &RunPart) -> bool {
    let kind = part.body["type"].as_str();
    kind.is_some_and(steps::is_of_browser)
}

/// The parts of all earlier attempts.
pub(super) async fn parts(client: &Client, run: &ClaimedRun) -> Result<Vec<RunPart>, Halt> {
    if !run.more_parts {
        return Ok(run.parts.clone());
    }
    let mut parts: Vec<RunPart> = Vec::new();
    let mut backoff = Backoff::default();
    loop {
        let after = parts.last().map_or(0, |part| part.number);
        match within(client.parts(&run.id, after)).await {
            Ok(page) if page.is_empty() => return Ok(parts),
            Ok(page) => parts.extend(page),
            Err(error) => wait_after(&mut backoff, Taken::of(run), error).await?,
        }
    }
}

/// The parts as the playbook reads them, and what goes on. Of what had not ended, the titles are kept.
pub(super) fn read(parts: Vec<RunPart>, titles: &mut Titles) -> (Vec<JournalPart>, Earlier) {
    let mut earlier = Earlier::default();
    let mut logins: Vec<(u64, StepKey)> = Vec::new();
    let mut read = Vec::with_capacity(parts.len());
    for mut part in parts {
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
        let title = Title::read(&part.body);
        let has_ended = matches!(
            part.stage,
            Stage::Completed | Stage::Failed | Stage::Skipped
        );
        let kind = title.as_ref().map(|title| title.kind.as_str());
        if part.stage == Stage::Completed
            && matches!(kind, Some("gateway.login" | "gateway.logout"))
        {
            logins.push((part.body["ended"].as_u64().unwrap_or(0), key.clone()));
        }
        if let Some(title) = title.filter(|_| !has_ended) {
            titles.begins(key.clone(), title);
        }
        let time = |name| {
            let text = part.body.get(name)?.as_str()?;
            text.parse().ok().map(|Timestamp(ms)| ms)
        };
        if let Some(until) = time(FINALLY_UNTIL) {
            let latest = earlier
                .finally_until
                .entry(key.path.clone())
                .or_insert(until);
            *latest = until.max(*latest);
        }
        let deadline = time(DEADLINE);
        let parked = part.stage == Stage::Started;
        let asked = parked && part.body["error"].is_string();
        if parked || (part.stage == Stage::Interrupted && deadline.is_some()) {
            let resumed = Resumed {
                parked,
                asked,
                until: time(UNTIL).filter(|_| parked),
                retry_at: time(RETRY_AT).filter(|_| parked),
                deadline,
            };
            earlier.resumed.insert(key.clone(), resumed);
        }
        read.push(JournalPart {
            number: part.number,
            key,
            stage: stage(part.stage),
            // Run again by an operator, it is another try, which does not find what the one before it started.
            tries: u32::try_from(part.tries).unwrap_or(0) + u32::from(asked),
            body: part.body,
        });
    }
    logins.sort_by_key(|(ended, _)| *ended);
    earlier.logins = logins.into_iter().map(|(_, key)| key).collect();
    (read, earlier)
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
