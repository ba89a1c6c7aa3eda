//! Playgrounds in job mode are completed when their watched services have exited.

use engine::{RunId, Status};
use store::{
    Read,
    audit::{Actor, AuditEntry, Target},
    playgrounds::{self, PlaygroundRow, PlayspecRow},
};
use wire::executors::operations::{OperationAction, ServiceState};

use super::{SpecBody, Start, Started, Wanted, described_services, loaded, start};
use crate::{app::App, refusal::Refusal};

/// Starts the operation that stores the results of a job, if all its watched services have exited.
pub(crate) async fn complete_if_done(app: &App, id: i64) -> Result<Option<RunId>, Refusal> {
    let read = move |read: &mut Read<'_, '_>| {
        let Some(row) = playgrounds::find(read, id)? else {
            return Ok(None);
        };
        let spec = playgrounds::playspec(read, Some(row.playspec_id), "")?;
        Ok(spec.map(|spec| (row, spec)))
    };
    let Some((row, spec)) = app.store.read(read).await? else {
        return Ok(None);
    };
    if !runs(&row) || !is_done(&row, &spec)? {
        return Ok(None);
    }
    let target = Target::one("playground", id.to_string());
    let actor = Actor::word("job");
    let entry = AuditEntry::new(
        app.now_ms(),
        actor,
        "loop".to_owned(),
        "playground.complete",
        target,
    );
    let asked = Start {
        // Also one that was edited meanwhile.
        force: true,
        ..Start::plain(id, OperationAction::Complete, entry)
    };
    match start(app, asked).await? {
        Started::Run(run) => Ok(Some(run)),
        Started::Repeated | Started::Later => Ok(None),
    }
}

/// Whether it is a job whose services were started, and of which is not known what it came to.
fn runs(row: &PlaygroundRow) -> bool {
    // One that was to be destroyed and was kept goes on.
    let kept = row.dirty.is_some();
    row.job_mode
        && row.job.is_none()
        && row.last.status == Status::Completed
        && (kept || playgrounds::starts_services(&row.last.action))
}

/// Whether every watched service has exited.
fn is_done(row: &PlaygroundRow, spec: &PlayspecRow) -> Result<bool, Refusal> {
    let services = loaded::services(row)?;
    let watched = watched(&Wanted::of(row)?, &SpecBody::of(spec)?);
    let seen = services
        .iter()
        .filter(|one| watched.is_empty() || watched.contains(&one.name));
    let seen: Vec<&ServiceState> = seen.collect();
    let all = watched
        .iter()
        .all(|name| seen.iter().any(|one| one.name == *name));
    Ok(all && !seen.is_empty() && seen.iter().all(|one| has_exited(one)))
}

fn has_exited(service: &ServiceState) -> bool {
    !service.running && matches!(service.status.as_str(), "exited" | "dead")
}

/// The services that are waited for: those that are named, or else those of repositories; none stands for all.
fn watched(wanted: &Wanted, spec: &SpecBody) -> Vec<String> {
    if !wanted.watched_services.is_empty() {
        return wanted.watched_services.clone();
    }
    let services = described_services(spec).into_iter();
    let dynamic = services.filter(|service| service.kind == "dynamic");
    dynamic.map(|service| service.name).collect()
}
