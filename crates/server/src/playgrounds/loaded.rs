//! A playground with what its last operation left.

use engine::Stage;
use store::{
    Read,
    playgrounds::{self, OutcomeRow, PlaygroundRow},
    runs::PartRow,
};
use wire::executors::operations::{
    JobOfPlayground, OperationAction, OperationOutcome, ServiceState, ServiceUrl,
};

use super::{
    PlaygroundStatus, RevisionBody, SpecBody, described_services,
    status::{StatusFacts, status_of},
};

/// Phases that are read of an operation, at most.
const PHASES_LIMIT: i64 = 200;

/// A playground with what its last operation left.
pub(crate) struct LoadedPlayground {
    pub(crate) row: PlaygroundRow,
    pub(crate) status: PlaygroundStatus,
    /// What is wrong with a service, if that is the reason of the status.
    pub(crate) wrong: Option<String>,
    pub(crate) services: Vec<ServiceState>,
    /// What the last operation left, without what is sealed.
    pub(crate) outcome: OperationOutcome,
    /// In job mode: what it came to.
    pub(crate) job: Option<JobOfPlayground>,
    /// What is sealed of it.
    pub(crate) sealed: Option<Vec<u8>>,
    /// Where its services are reached.
    pub(crate) urls: Vec<ServiceUrl>,
    /// The phases of the last operation, in order.
    pub(crate) phases: Vec<PartRow>,
    /// Its place in the line of operations that wait, from 1.
    pub(crate) place: Option<i64>,
}

/// Reads a playground with what belongs to it.
pub(crate) fn load(
    read: &mut Read<'_, '_>,
    row: PlaygroundRow,
) -> Result<LoadedPlayground, store::Error> {
    let (status, wrong) = status(&row)?;
    let left = playgrounds::outcome(read, row.id, row.last.run)?;
    let outcome = left.as_ref().map(outcome_of).transpose()?;
    let outcome = outcome.unwrap_or_default();
    let urls = match outcome.urls.is_empty() {
        true => applied_urls(read, &row)?,
        false => outcome.urls.clone(),
    };
    let mut services = services(&row)?;
    if services.is_empty() {
        services = not_started(read, row.playspec_id)?;
    }
    Ok(LoadedPlayground {
        status,
        wrong,
        services,
        outcome,
        job: job(&row)?,
        urls,
        sealed: left.map(|left| left.sealed),
        phases: store::runs::last_parts(read, row.last.run, PHASES_LIMIT)?,
        place: playgrounds::place_in_line(read, row.last.run)?,
        row,
    })
}

/// Where the services of what was applied last are reached.
fn applied_urls(
    read: &mut Read<'_, '_>,
    row: &PlaygroundRow,
) -> Result<Vec<ServiceUrl>, store::Error> {
    let Some(applied) = row.applied else {
        return Ok(Vec::new());
    };
    let revision = playgrounds::revision(read, row.id, applied.revision)?;
    let body = revision.map(|revision| RevisionBody::of(&revision));
    Ok(body.transpose()?.unwrap_or_default().urls)
}

/// What an operation left, without what is sealed.
pub(crate) fn outcome_of(left: &OutcomeRow) -> Result<OperationOutcome, store::Error> {
    serde_json::from_slice(&left.body)
        .map_err(|error| store::Error::Corrupt(format!("an outcome: {error}")))
}

/// Its services as they were seen last.
pub(crate) fn services(row: &PlaygroundRow) -> Result<Vec<ServiceState>, store::Error> {
    let Some((body, _)) = &row.observed else {
        return Ok(Vec::new());
    };
    serde_json::from_slice(body)
        .map_err(|error| store::Error::Corrupt(format!("services of a playground: {error}")))
}

/// What a playground in job mode came to.
fn job(row: &PlaygroundRow) -> Result<Option<JobOfPlayground>, store::Error> {
    let Some((body, _)) = &row.job else {
        return Ok(None);
    };
    let job = serde_json::from_slice(body);
    job.map(Some)
        .map_err(|error| store::Error::Corrupt(format!("the result of a playground: {error}")))
}

/// The services of its playspec, of which nothing was seen.
fn not_started(
    read: &mut Read<'_, '_>,
    playspec_id: i64,
) -> Result<Vec<ServiceState>, store::Error> {
    let Some(spec) = playgrounds::playspec(read, Some(playspec_id), "")? else {
        return Ok(Vec::new());
    };
    let services = described_services(&SpecBody::of(&spec)?).into_iter();
    let stopped = services.map(|service| ServiceState {
        name: service.name,
        status: "stopped".to_owned(),
        ..ServiceState::default()
    });
    Ok(stopped.collect())
}

/// The status, and what is wrong with a service if that is the reason.
pub(crate) fn status(
    row: &PlaygroundRow,
) -> Result<(PlaygroundStatus, Option<String>), store::Error> {
    status_with(row, &services(row)?)
}

/// The same, with these services.
pub(crate) fn status_with(
    row: &PlaygroundRow,
    services: &[ServiceState],
) -> Result<(PlaygroundStatus, Option<String>), store::Error> {
    if row.destroy_at.is_some() {
        return Ok((PlaygroundStatus::Destroying, None));
    }
    Ok(status_of(StatusFacts {
        action: action(row)?,
        run: row.last.status,
        job_mode: row.job_mode,
        edited: row
            .applied
            .is_some_and(|applied| applied.wanted != row.wanted),
        kept: row.dirty.is_some(),
        dirty: row.dirty.as_deref().is_some_and(|list| list != "[]"),
        done: row.job.is_some(),
        services,
    }))
}

/// What the last operation does or did.
pub(crate) fn action(row: &PlaygroundRow) -> Result<OperationAction, store::Error> {
    let action = OperationAction::parse(&row.last.action);
    action.ok_or_else(|| store::Error::Corrupt(format!("the action {}", row.last.action)))
}

impl LoadedPlayground {
    /// Whether what runs is older than what is wanted.
    pub(crate) fn needs_recreation(&self) -> bool {
        self.row.applied.is_some_and(|applied| {
            applied.wanted != self.row.wanted || applied.spec != self.row.playspec.1
        })
    }

    /// Why the last operation failed, or what is wrong now.
    pub(crate) fn error(&self) -> Option<String> {
        let row = &self.row;
        let failed = row.last.status.is_terminal() && row.last.status != engine::Status::Completed;
        if failed {
            let said = self.outcome.failure.as_ref().map(|one| one.message.clone());
            let said = said.filter(|message| !message.is_empty());
            let cancelled = row.last.status == engine::Status::Cancelled;
            return said.or_else(|| row.last.error.clone()).or_else(|| {
                let what = if cancelled { "was cancelled" } else { "failed" };
                Some(format!("the operation ({}) {what}", row.last.action))
            });
        }
        if let (Some(dirty), PlaygroundStatus::HasChanges) = (&row.dirty, self.status) {
            let services: Vec<String> = serde_json::from_str(dirty).unwrap_or_default();
            return Some(format!(
                "its time is over, and it is kept: {} have changes that are in no commit",
                services.join(", ")
            ));
        }
        self.wrong.clone()
    }

    /// The phase in which the last operation failed.
    pub(crate) fn failed_step(&self) -> Option<String> {
        let named = self.outcome.failure.as_ref();
        let named = named.and_then(|failure| failure.step.clone());
        named.or_else(|| self.row.last.step.clone())
    }

    /// The phase that began last, or the last word after all.
    pub(crate) fn current_step(&self) -> Option<&str> {
        let last = self.phases.last()?;
        let done = self.row.last.status == engine::Status::Completed;
        match done && last.stage == Stage::Completed {
            true => Some("completed"),
            false => Some(&last.name),
        }
    }
}
