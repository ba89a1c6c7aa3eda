//! Follows an operation until it has ended: its phases with their times, then where the services are reached.

use std::{collections::BTreeSet, time::Duration};

use tokio::time::sleep;
use wire::{
    client::{Client, Error},
    playgrounds::{PhaseView, Playground, PlaygroundState},
};

use super::show;
use crate::{
    commands::connection::Absence,
    exit::{Exit, Failure},
    output::{print_bytes, print_json, say},
    table::plain,
};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// While the server is away, it is waited for so long.
const RECONNECT_FOR: Duration = Duration::from_secs(600);

/// Follows the last operation of a playground; ends as it ended.
pub(super) async fn to_end(
    client: &Client,
    made: &Playground,
    json: bool,
) -> Result<Exit, Failure> {
    let id = made.summary.id.to_string();
    let Some(state) = ended(client, &id, json).await? else {
        say(&format!("playground {} is gone", plain(&made.summary.name)));
        return Ok(Exit::OK);
    };
    let playground = client.playground(&id).await?;
    if json {
        print_json(&playground)?;
    }
    match state.status.as_str() {
        "error" => {
            show::say_failure(state.error_message.as_deref(), state.error_details.as_ref());
            Ok(Exit::FAILED)
        }
        "completed" => {
            let result = client.playground_job_result(&id).await?;
            let code = result.exit_code.unwrap_or(i64::from(!result.success));
            say(&format!("playground {id} completed with exit code {code}"));
            Ok(u8::try_from(code).map_or(Exit::JOB_FAILED, Exit))
        }
        status => {
            // An undone change leaves what ran before.
            if let Some(failure) = &state.error_details {
                show::say_failure(state.error_message.as_deref(), Some(failure));
                return Ok(Exit::FAILED);
            }
            say(&format!("playground {id} is {}", plain(status)));
            if !json {
                print_bytes(show::urls(&playground.service_urls).as_bytes())?;
            }
            Ok(Exit::OK)
        }
    }
}

/// Waits until a playground is gone, saying what it does.
pub(super) async fn to_removal(client: &Client, id: &str) -> Result<Exit, Failure> {
    match ended(client, id, false).await? {
        None => {
            say(&format!("playground {} is gone", plain(id)));
            Ok(Exit::OK)
        }
        Some(state) => {
            show::say_failure(state.error_message.as_deref(), state.error_details.as_ref());
            Ok(Exit::FAILED)
        }
    }
}

/// The state after its last operation; nothing when it is gone.
async fn ended(client: &Client, id: &str, quiet: bool) -> Result<Option<PlaygroundState>, Failure> {
    let (mut absence, mut told, mut place) = (Absence::new(RECONNECT_FOR), BTreeSet::new(), None);
    loop {
        let state = match client.playground_state(id).await {
            Ok(state) => state,
            Err(error) if is_gone(&error) => return Ok(None),
            Err(error) => {
                absence.wait(error).await?;
                continue;
            }
        };
        absence.over();
        if !quiet {
            if state.queue_position != place && state.queue_position.is_some() {
                say("waiting for an executor that reaches the playroom");
            }
            place = state.queue_position;
            for phase in &state.creation_steps {
                tell(phase, &mut told);
            }
        }
        if !is_under_way(&state) {
            return Ok(Some(state));
        }
        sleep(LOOK_EVERY).await;
    }
}

fn is_gone(error: &Error) -> bool {
    error.status().is_some_and(|status| status.as_u16() == 404)
}

fn is_under_way(state: &PlaygroundState) -> bool {
    let open = |phase: &PhaseView| phase.status == "running";
    let words = ["pending", "in_progress", "stopping", "destroying"];
    // Job mode goes on until its services have exited.
    let job = state.job_mode && !["completed", "error"].contains(&state.status.as_str());
    job || words.contains(&state.status.as_str()) || state.creation_steps.iter().any(open)
}

/// Says that a phase has ended, once.
fn tell(phase: &PhaseView, told: &mut BTreeSet<(String, i64)>) {
    let Some(end) = phase.completed_at else {
        return;
    };
    if told.insert((phase.name.clone(), phase.started_at.0)) {
        let took = end.0.saturating_sub(phase.started_at.0).max(0);
        let word = match phase.status.as_str() {
            "completed" => "",
            other => other,
        };
        let label = plain(&phase.label);
        say(format!("{label:<24} {:>7.1} s  {word}", took as f64 / 1_000.0).trim_end());
    }
}
