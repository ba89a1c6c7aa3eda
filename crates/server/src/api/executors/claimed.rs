//! Claimed runs as they are answered: one shape for every kind.

use engine::{RunId, State};
use serde_json::value::RawValue;
use store::{Read, runs::Claimed};
use wire::{
    JsonText,
    executors::{ClaimedRun, Signals},
    runs::RunPart,
};

use crate::{app::App, runs::part};

/// Parts in the answer of a claim, at most: the last ones. A plugin job has fewer.
const LAST_PARTS: i64 = 1_000;

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

/// What earlier attempts of a run left.
#[derive(Default)]
struct Earlier {
    parts: Vec<RunPart>,
    more_parts: bool,
    state: Option<JsonText>,
}

/// What earlier attempts of these runs left, in their order; nothing when none has any.
async fn earlier(app: &App, taken: &[Claimed]) -> Result<Vec<Earlier>, store::Error> {
    let again = |run: &engine::Run| run.kind.has_parts() && run.starts > 1;
    if !taken.iter().any(|claimed| again(&claimed.run)) {
        return Ok(Vec::new());
    }
    let ids = taken.iter().map(|Claimed { run, .. }| (run.id, again(run)));
    let ids: Vec<_> = ids.collect();
    let read = app.store.read(move |read| {
        ids.into_iter()
            .map(|(id, again)| match again {
                true => earlier_of(read, id),
                false => Ok(Earlier::default()),
            })
            .collect()
    });
    read.await
}

fn earlier_of(read: &mut Read<'_, '_>, id: RunId) -> Result<Earlier, store::Error> {
    let mut rows = store::runs::last_parts(read, id, LAST_PARTS + 1)?;
    let more_parts = rows.len() > usize::try_from(LAST_PARTS).unwrap_or(usize::MAX);
    rows.drain(..usize::from(more_parts));
    let state = store::runs::state(read, id)?.map(|body| serde_json::from_slice(&body));
    let corrupt = |error| store::Error::Corrupt(format!("the state of run {id}: {error}"));
    Ok(Earlier {
        parts: rows.into_iter().map(part).collect(),
        state: state.transpose().map_err(corrupt)?,
        more_parts,
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
