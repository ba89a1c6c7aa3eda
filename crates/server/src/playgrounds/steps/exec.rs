//! Commands in containers, as operations that steps start.

use store::{
    Batch,
    audit::{AuditEntry, Target},
    runs::Submit,
};
use wire::executors::{ExecRequest, operations::OperationAction};

use super::{Came, StepOfRun, not_owned};
use crate::{
    app::App,
    playgrounds::{
        FieldErrors, OperationRequest, RoomBody, SpecBody, Wanted, WantedEnvironment,
        invalid_state, missing_playground, row_status,
        start::{allowed, detailed, sources},
        submission,
    },
    refusal::Refusal,
};

/// Runs a command in a container. It keeps nothing else from being done with the playground.
pub(super) async fn exec(
    app: &App,
    step: &StepOfRun,
    id: i64,
    request: ExecRequest,
    entry: AuditEntry,
) -> Result<Came, Refusal> {
    let sources = app.store.read(move |read| sources(read, id)).await?;
    let sources = sources.ok_or_else(|| missing_playground(&id.to_string()))?;
    let (status, _) = row_status(&sources.row)?;
    let allowed = allowed(OperationAction::Exec);
    if !allowed.contains(&status) {
        return Err(invalid_state("exec", status, allowed, false));
    }
    let (room_body, spec_body) = (RoomBody::of(&sources.room)?, SpecBody::of(&sources.spec)?);
    let environment = WantedEnvironment {
        env_overrides: request.env,
        ..WantedEnvironment::default()
    };
    let mut errors = FieldErrors::default();
    environment.check(None, &mut errors);
    errors.refuse()?;
    let sealer = app.vault.sealer(&app.store).await?;
    let sealed = sealer.seal_of_playground(id, &environment);
    let row = &sources.row;
    let mut submission = submission(
        app,
        OperationRequest {
            action: OperationAction::Exec,
            id,
            name: &row.name,
            project: &row.project,
            job_mode: row.job_mode,
            persists: row.persists,
            room: (&sources.room, &room_body),
            spec: (&sources.spec, &spec_body),
            files: &[],
            wanted: &Wanted::default(),
            version: row.wanted,
            sealed: &sealed,
            revision: None,
            dry_run: false,
            unless_dirty: false,
            command: Some(&request.command),
        },
    );
    let run = &mut submission.run;
    run.parent = Some(step.of.run);
    run.exclusive_key = None;
    run.cleans_up = false;
    // A command that may have run is not run again: the step's `retry` decides.
    run.max_attempts = 1;
    run.timeout_ms = Some(request.timeout_ms.max(1));
    // It is not among the operations of the playground.
    submission.labels.remove("playground_id");
    let target = Target::one("playground", id.to_string());
    let detail = format!("exec in {}: {}", request.command.service, row.name);
    let submit = Submit {
        entry: Some(Box::new(detailed(entry.on(target), &detail))),
        ..Submit::new([submission], app.aging_step_ms(), app.now_ms())
    };
    let step = step.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        store::children::submit(batch, step.of, &step.holder, &submit)
    };
    let run = app.store.write(work).await.map_err(not_owned)?;
    Ok(Came::Started { run, again: false })
}
