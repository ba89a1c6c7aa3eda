//! Schedules as bodies.

use store::schedules::ScheduleRow;
use wire::{Timestamp, playbooks::Schedule};

use crate::{
    refusal::Refusal,
    schedules::{Definition, Timing},
};

/// How many of the next times are shown.
const NEXT_RUNS: usize = 5;

pub(super) fn schedule(row: ScheduleRow) -> Result<Schedule, Refusal> {
    let Definition {
        timing,
        overlap,
        catch_up,
        start,
    } = Definition::decode(&row.body)?;
    let next_runs = match (row.next, timing.times()) {
        (Some(next), Ok(times)) => times.following(next.due_at - 1, NEXT_RUNS),
        _ => Vec::new(),
    };
    let (cron, time_zone, every) = match timing {
        Timing::Cron {
            expression,
            time_zone,
        } => (Some(expression), Some(time_zone), None),
        Timing::Every { seconds, .. } => (None, None, Some(seconds)),
    };
    let (last_run, last_run_at) = row.last_run.unzip();
    let (last_error, last_error_at) = row.last_error.unzip();
    Ok(Schedule {
        id: row.id,
        name: row.name,
        playbook_path: start.playbook_path,
        cron,
        time_zone,
        every,
        overlap,
        catch_up,
        parameters: start.parameters.unwrap_or_default(),
        gateway_url: start.gateway_url,
        credential_name: start.credential_name,
        timeout_overrides: start.timeout_overrides.unwrap_or_default(),
        labels: start.labels,
        enabled: row.disabled.is_none(),
        disabled_reason: row.disabled.map(|(_, reason)| reason),
        owner: row.owner,
        next_run_at: row.next.map(|next| Timestamp(next.due_at)),
        next_runs: next_runs.into_iter().map(Timestamp).collect(),
        last_run_at: last_run_at.map(Timestamp),
        last_execution_id: last_run.map(|id| id.to_string()),
        last_skipped_at: row.last_skipped_at.map(Timestamp),
        last_error,
        last_error_at: last_error_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    })
}
