//! Claimed runs as they are answered: one shape for every kind.

use engine::{Kind, RunId, State};
use serde_json::value::RawValue;
use store::{Read, runs::Claimed};
use wire::{
    executors::{ClaimedRun, Signals},
    runs::RunPart,
};

use crate::{
    api::{plugin_jobs::Note, runs::parts::part},
    app::App,
};

/// The runs as they are answered. One that cannot be read is left out, and does not hold up the others: its
/// lease expires until its attempts are used up.
pub(super) async fn answer(app: &App, taken: &[Claimed]) -> Result<Vec<ClaimedRun>, store::Error> {
    let mut earlier = earlier(app, taken).await?.into_iter();
    let mut runs = Vec::with_capacity(taken.len());
    for claimed in taken {
        let earlier = earlier.next().unwrap_or_default();
        let input = std::str::from_utf8(&claimed.input).ok();
        let input = input.and_then(|text| RawValue::from_string(text.to_owned()).ok());
        match input {
            Some(input) => runs.push(run(app, claimed, input, earlier)),
            None => tracing::error!(run_id = %claimed.run.id, "a run's input cannot be read"),
        }
    }
    Ok(runs)
}

fn run(
    app: &App,
    Claimed { run, .. }: &Claimed,
    input: Box<RawValue>,
    earlier: Earlier,
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
        parts: earlier.parts,
        more_parts: earlier.more_parts,
        state: earlier.state,
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

/// Parts in the answer of a claim, at most.
const PARTS: i64 = 100;

/// What earlier attempts of a run left.
#[derive(Default)]
struct Earlier {
    parts: Vec<RunPart>,
    more_parts: bool,
    state: Option<serde_json::Value>,
}

/// What earlier attempts of these runs left, in their order.
async fn earlier(app: &App, taken: &[Claimed]) -> Result<Vec<Earlier>, store::Error> {
    let again = |claimed: &Claimed| claimed.run.kind.has_parts() && claimed.run.starts > 1;
    if !taken.iter().any(again) {
        return Ok(Vec::new());
    }
    let ids = taken
        .iter()
        .map(|claimed| again(claimed).then_some((claimed.run.id, claimed.run.kind)));
    let ids: Vec<Option<(RunId, Kind)>> = ids.collect();
    let read = app.store.read(move |read| {
        let each = ids.into_iter().map(|id| match id {
            Some((id, kind)) => earlier_of(read, id, kind),
            None => Ok(Earlier::default()),
        });
        each.collect()
    });
    read.await
}

fn earlier_of(read: &mut Read<'_, '_>, id: RunId, kind: Kind) -> Result<Earlier, store::Error> {
    let mut parts = store::runs::parts(read, id, 0, PARTS + 1)?;
    let more_parts = parts.len() > usize::try_from(PARTS).unwrap_or(usize::MAX);
    parts.truncate(parts.len() - usize::from(more_parts));
    let state = store::runs::state(read, id)?;
    let corrupt = |error: serde_json::Error| store::Error::Corrupt(format!("a state: {error}"));
    let state = match (kind, state) {
        (_, None) => None,
        (Kind::PluginJob, Some(body)) => {
            Some(serde_json::to_value(Note::parse(&body)?.progress).map_err(corrupt)?)
        }
        (_, Some(body)) => Some(serde_json::from_slice(&body).map_err(corrupt)?),
    };
    Ok(Earlier {
        parts: parts.into_iter().map(part).collect(),
        more_parts,
        state,
    })
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
