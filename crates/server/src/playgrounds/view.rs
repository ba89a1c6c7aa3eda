//! Playgrounds as bodies.

use engine::Stage;
use store::{playgrounds::PlaygroundRow, runs::PartRow};
use wire::{
    Timestamp,
    executors::operations::{ServiceState, ServiceUrl, phase_label},
    playgrounds::{
        BranchOfService, PhaseView, Playground, PlaygroundState, PlaygroundSummary, ServiceUrlState,
    },
};

use super::{LoadedPlayground, Masking, Wanted, WantedEnvironment, life, loaded, status::ASLEEP};
use crate::refusal::Refusal;

/// A playground in a list.
pub(crate) fn summary(row: &PlaygroundRow) -> Result<PlaygroundSummary, Refusal> {
    let (status, _) = loaded::status(row)?;
    let wanted = Wanted::of(row)?;
    let branches = wanted.services.into_iter().filter_map(|(name, settings)| {
        let branch_name = settings.git_config?.branch_name?;
        Some((name, BranchOfService { branch_name }))
    });
    Ok(PlaygroundSummary {
        id: row.id,
        name: row.name.clone(),
        status: status.as_str().to_owned(),
        job_mode: row.job_mode,
        playspec_id: row.playspec_id,
        playspec_name: row.playspec.0.clone(),
        playroom_id: row.playroom_id,
        service_branches: branches.collect(),
        expires_at: row.expires_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    })
}

/// A playground.
pub(crate) fn details(
    loaded: &LoadedPlayground,
    environment: &WantedEnvironment,
    (masking, password): (&Masking, Option<String>),
    now: i64,
) -> Result<Playground, Refusal> {
    let row = &loaded.row;
    let life = life::of(row);
    let job = loaded.job.as_ref();
    let result = job.map(|job| if job.success { "success" } else { "failure" });
    Ok(Playground {
        sleep_after_seconds: Wanted::of(&loaded.row)?.sleep_after_seconds,
        summary: summary(row)?,
        compose_project: row.project.clone(),
        playroom_name: row.playroom.0.clone(),
        env_overrides: masking.values(&environment.env_overrides),
        time_remaining: life.time_remaining(now),
        expiration_percentage: life.expiration_percentage(now),
        last_applied_at: row.applied.map(|applied| Timestamp(applied.at)),
        needs_recreation: loaded.needs_recreation(),
        services: loaded.services.clone(),
        service_urls: urls(loaded),
        error_message: loaded.error().map(|error| masking.text(&error)),
        error_details: loaded.outcome.failure.clone(),
        revision: row.applied.map(|applied| applied.revision),
        operation_id: row.last.run.to_string(),
        operation: row.last.action.clone(),
        result_status: result.map(str::to_owned),
        internal_password: password,
    })
}

/// What is polled while it is made.
pub(crate) fn state(loaded: &LoadedPlayground, masking: &Masking) -> PlaygroundState {
    let label = |key: &str| match key {
        "completed" => "Completed".to_owned(),
        key => labelled(key),
    };
    let step = loaded.current_step();
    let failed = loaded.failed_step();
    PlaygroundState {
        id: loaded.row.id,
        status: loaded.status.as_str().to_owned(),
        job_mode: loaded.row.job_mode,
        creation_step: step.map(str::to_owned),
        creation_step_label: step.map(label),
        error_message: loaded.error().map(|error| masking.text(&error)),
        error_step_label: failed.as_deref().map(labelled),
        error_step: failed,
        needs_recreation: loaded.needs_recreation(),
        services: loaded.services.clone(),
        creation_steps: phases(&loaded.phases),
        error_details: loaded.outcome.failure.clone(),
        service_urls: urls(loaded),
        expires_at: loaded.row.expires_at.map(Timestamp),
        state_reason: is_asleep(&loaded.services).then(|| SLEEPS.to_owned()),
        queue_position: loaded.place,
    }
}

const SLEEPS: &str = "it sleeps, because nothing was asked of it: the next request wakes it";

fn is_asleep(services: &[ServiceState]) -> bool {
    services.iter().any(|service| service.status == ASLEEP)
}

/// What people call a phase; one that this program does not know is called by its key.
fn labelled(key: &str) -> String {
    phase_label(key).unwrap_or(key).to_owned()
}

/// The phases of an operation.
pub(crate) fn phases(parts: &[PartRow]) -> Vec<PhaseView> {
    let phases = parts.iter().map(|part| {
        let body: serde_json::Value = serde_json::from_slice(&part.body).unwrap_or_default();
        PhaseView {
            name: part.name.clone(),
            label: labelled(&part.name),
            status: match part.stage {
                Stage::Started => "running",
                Stage::Completed => "completed",
                Stage::Skipped => "skipped",
                Stage::Failed | Stage::Cancelled | Stage::Interrupted => "error",
            }
            .to_owned(),
            started_at: Timestamp(part.started_at),
            completed_at: part.ended_at.map(Timestamp),
            error_message: body["error"].as_str().map(str::to_owned),
        }
    });
    phases.collect()
}

/// Where its services are reached.
fn urls(loaded: &LoadedPlayground) -> Vec<ServiceUrlState> {
    let urls = loaded.urls.iter();
    urls.map(|url| url_state(url, &loaded.services)).collect()
}

fn url_state(url: &ServiceUrl, services: &[ServiceState]) -> ServiceUrlState {
    let service = services.iter().find(|service| service.name == url.name);
    ServiceUrlState {
        url: url.clone(),
        status: service.map_or_else(|| "stopped".to_owned(), |one| one.status.clone()),
        health: service.and_then(|one| one.health.clone()),
        running: service.is_some_and(|one| one.running),
    }
}
