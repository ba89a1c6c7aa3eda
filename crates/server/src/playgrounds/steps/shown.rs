//! What steps see of playgrounds and operations.

use engine::{Kind, RunId, Status};
use serde_json::Value;
use store::{
    Read,
    playgrounds::{self, PlaygroundRow},
};
use wire::{
    Timestamp,
    executors::{ChildRun, OperationLeft, PlaygroundOfStep, operations::OperationInput},
    text::lossy,
};

use crate::playgrounds::{load, outcome_of};

/// The playground that an operation is about.
pub(super) fn playground_of(
    read: &mut Read<'_, '_>,
    run: RunId,
) -> Result<Option<i64>, store::Error> {
    if store::runs::kind(read, run)? != Kind::Operation {
        return Ok(None);
    }
    let input = store::runs::input(read, run)?;
    let input: OperationInput = serde_json::from_slice(&input)
        .map_err(|error| store::Error::Corrupt(format!("an operation's input: {error}")))?;
    Ok(Some(input.playground.id))
}

/// An operation as it is now.
pub(super) fn operation(
    read: &mut Read<'_, '_>,
    run: RunId,
    now: i64,
) -> Result<ChildRun, store::Error> {
    let details = match store::runs::outline(read, run) {
        Ok(details) => details,
        // Retention removed it, long after its end.
        Err(store::Error::NotFound(_)) => {
            return Ok(ChildRun {
                id: run.to_string(),
                submitted: false,
                status: "deleted".to_owned(),
                age_ms: 0,
                outcome: Some(Value::Null),
            });
        }
        Err(error) => return Err(error),
    };
    let (status, created_at) = (details.run.state.status(), details.run.created_at);
    let outcome = match status.is_terminal() {
        false => None,
        true => {
            let left = match playground_of(read, run)? {
                Some(id) => playgrounds::outcome(read, id, run)?,
                None => None,
            };
            let left = left.as_ref().map(outcome_of).transpose()?;
            let left = left.unwrap_or_default();
            let result = details.reported_or_lost();
            let left = OperationLeft {
                error: result.error,
                failure: left.failure,
                plan: left.plan,
                exit_code: result.exit_code,
                stdout: lossy(result.stdout),
                stderr: lossy(result.stderr),
            };
            // Strings, numbers and JSON values have a JSON form.
            Some(serde_json::to_value(left).unwrap_or_default())
        }
    };
    Ok(ChildRun {
        id: run.to_string(),
        submitted: false,
        status: status.as_str().to_owned(),
        age_ms: u64::try_from(now.saturating_sub(created_at)).unwrap_or(0),
        outcome,
    })
}

/// A playground as it is now.
pub(super) fn playground(
    read: &mut Read<'_, '_>,
    row: PlaygroundRow,
) -> Result<PlaygroundOfStep, store::Error> {
    let loaded = load(read, row)?;
    let error = loaded.error();
    let urls = loaded.urls.iter();
    let urls = urls.map(|one| (one.name.clone(), one.url.clone()));
    let row = &loaded.row;
    Ok(PlaygroundOfStep {
        id: row.id,
        name: row.name.clone(),
        status: loaded.status.as_str().to_owned(),
        job_mode: row.job_mode,
        urls: urls.collect(),
        // As Compose names it.
        network: format!("{}_default", row.project),
        project: row.project.clone(),
        playroom: row.playroom.0.clone(),
        expires_at: row.expires_at.map(Timestamp),
        error,
        operation_failed: matches!(row.last.status, Status::Failed | Status::Cancelled),
        job: loaded.job.clone(),
        services: loaded.services,
    })
}
