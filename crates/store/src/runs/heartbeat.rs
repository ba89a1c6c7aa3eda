//! Holders are alive: their leases are extended, and they learn what is wanted of them.

use engine::{Command, Holder, RunId, Signals, State, step};

use super::row;
use crate::{Batch, Error, driver::Value, executors::Seen};

/// A holder extends its lease.
#[derive(Clone, Debug)]
pub struct Heartbeat {
    /// The run.
    pub id: RunId,
    /// Who says that it holds it.
    pub holder: Holder,
    /// How long the lease lives from now.
    pub lease_ms: i64,
    /// Epoch milliseconds.
    pub now: i64,
}

/// Answer to a [`Heartbeat`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    /// What operators ask of the run.
    pub signals: Signals,
}

/// Serves all waiting heartbeats.
pub(crate) fn heartbeat_all(
    batch: &mut Batch<'_, '_>,
    beats: &[&Heartbeat],
) -> Result<Vec<Result<Beat, Error>>, Error> {
    // Only what a heartbeat changes, none of which stands in an index.
    const EXTEND: &str =
        "UPDATE runs SET version = $3, lease_until = $4 WHERE id = $1 AND version = $2";
    let ids: Vec<RunId> = beats.iter().map(|beat| beat.id).collect();
    let mut runs = row::lock(batch.tx, &ids)?;
    let mut rows: Vec<[Value<'_>; 4]> = Vec::new();
    let mut answers = Vec::with_capacity(beats.len());
    for (place, beat) in beats.iter().enumerate() {
        let Some(run) = runs[place].clone() else {
            answers.push(Err(Error::NotFound(beat.id)));
            continue;
        };
        let command = Command::Heartbeat {
            holder: beat.holder.clone(),
            lease_ms: beat.lease_ms,
        };
        let change = match step(&run, &command, beat.now) {
            Ok(change) => change,
            Err(rejected) => {
                answers.push(Err(rejected.into()));
                continue;
            }
        };
        let seen = Seen {
            at: beat.now,
            ..Seen::default()
        };
        batch.seen(&beat.holder.executor, seen);
        answers.push(Ok(Beat {
            signals: run.signals,
        }));
        if let State::Running(lease) = &change.run.state {
            let (before, after) = (run.version, change.run.version);
            rows.push([
                (&beats[place].id).into(),
                before.into(),
                after.into(),
                lease.until.into(),
            ]);
        }
        // The same run may be named twice in a batch.
        for (other, id) in ids.iter().enumerate().skip(place + 1) {
            if *id == beat.id {
                runs[other] = Some(change.run.clone());
            }
        }
    }
    batch.tx.exec_many(EXTEND, &rows)?;
    Ok(answers)
}
