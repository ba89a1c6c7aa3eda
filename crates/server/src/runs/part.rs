//! A part of a run's work, as it is answered.

use store::runs::PartRow;
use wire::{TimestampMs, runs::RunPart};

/// The part in the form of the protocol.
pub(crate) fn part(row: PartRow) -> RunPart {
    RunPart {
        number: row.number,
        name: row.name,
        path: row.path,
        stage: row.stage.into(),
        attempt: row.attempt,
        tries: row.tries,
        started_at: TimestampMs(row.started_at),
        ended_at: row.ended_at.map(TimestampMs),
        // Empty, or JSON of its kind; what it is not is not shown.
        body: serde_json::from_slice(&row.body).unwrap_or_default(),
    }
}
