//! Claimed runs as they are answered: one shape for every kind.

use engine::{Kind, RunId, State};
use serde_json::value::RawValue;
use store::runs::Claimed;
use wire::executors::{ClaimedRun, Signals};

use crate::{api::plugin_jobs::Note, app::App};

/// The runs as they are answered. One that cannot be read is left out, and does not hold up the others: its
/// lease expires until its attempts are used up.
pub(super) async fn answer(app: &App, taken: &[Claimed]) -> Result<Vec<ClaimedRun>, store::Error> {
    let mut states = states(app, taken).await?.into_iter();
    let mut runs = Vec::with_capacity(taken.len());
    for claimed in taken {
        let state = states.next().flatten();
        let input = std::str::from_utf8(&claimed.input).ok();
        let input = input.and_then(|text| RawValue::from_string(text.to_owned()).ok());
        match input {
            Some(input) => runs.push(run(app, claimed, input, state)),
            None => tracing::error!(run_id = %claimed.run.id, "a run's input cannot be read"),
        }
    }
    Ok(runs)
}

fn run(
    app: &App,
    Claimed { run, .. }: &Claimed,
    input: Box<RawValue>,
    state: Option<serde_json::Value>,
) -> ClaimedRun {
    let left = run.deadline.map(|deadline| deadline - app.now_ms());
    let left = left.into_iter().chain(run.timeout_ms).min();
    ClaimedRun {
        id: run.id.to_string(),
        kind: run.kind.to_string(),
        name: run.name.clone(),
        token: run.token,
        lease_seconds: app.settings.lease.as_secs_f64(),
        attempt: run.starts,
        input,
        remaining_ms: left.map(|left| u64::try_from(left).unwrap_or(0)),
        parts: Vec::new(),
        more_parts: false,
        state,
        signals: signals(run.signals),
    }
}

/// Signals as they are answered.
pub(super) fn signals(signals: engine::Signals) -> Signals {
    let engine::Signals {
        generation,
        pause,
        skip,
        cancel,
    } = signals;
    Signals {
        generation,
        pause,
        skip,
        cancel,
    }
}

/// What earlier attempts of these runs left, in their order.
async fn states(
    app: &App,
    taken: &[Claimed],
) -> Result<Vec<Option<serde_json::Value>>, store::Error> {
    let again = |claimed: &Claimed| claimed.run.kind != Kind::Job && claimed.run.starts > 1;
    if !taken.iter().any(again) {
        return Ok(Vec::new());
    }
    let ids: Vec<RunId> = taken.iter().map(|claimed| claimed.run.id).collect();
    let read = app.store.read(move |read| {
        let mut states = Vec::with_capacity(ids.len());
        for id in ids {
            let note = store::runs::state(read, id)?;
            let note = note.map(|body| Note::parse(&body)).transpose()?;
            states.push(note.and_then(|note| serde_json::to_value(note.progress).ok()));
        }
        Ok(states)
    });
    read.await
}

/// How long after this time the first of the leases began.
pub(super) fn waited(taken: &[Claimed], asked_at: i64) -> std::time::Duration {
    let began = taken.iter().filter_map(|claimed| match &claimed.run.state {
        State::Running(lease) => Some(lease.started_at),
        _ => None,
    });
    let waited = began.min().unwrap_or(asked_at).saturating_sub(asked_at);
    std::time::Duration::from_millis(waited.try_into().unwrap_or(0))
}
