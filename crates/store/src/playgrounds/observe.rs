//! What executors see of playgrounds between operations.

use engine::RunId;
use serde_json::Value;

use super::watch;
use crate::{Batch, Error, driver::args};

/// A playground as an executor sees it.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The playground.
    pub playground_id: i64,
    /// The operation that was started last when the executor looked.
    pub last_run: RunId,
    /// A JSON list of services.
    pub services: Vec<u8>,
    /// What is told of it, if it changes the playground's status.
    pub event: Option<Value>,
    /// Epoch milliseconds.
    pub now: i64,
}

/// Notes what an executor sees; one that looked before a newer operation was started sees nothing.
pub fn observe(batch: &mut Batch<'_, '_>, observed: &Observed) -> Result<(), Error> {
    const OBSERVE: &str = "UPDATE playgrounds SET observed = $3, observed_at = $4
        WHERE id = $1 AND last_run = $2";
    let args = args![
        observed.playground_id,
        &observed.last_run,
        &observed.services,
        observed.now
    ];
    if batch.tx.exec(OBSERVE, args)? == 0 {
        return Ok(());
    }
    watch::tell(batch, observed.playground_id, observed.now)?;
    if let Some(event) = &observed.event {
        batch.tell(
            "playground",
            "playground.status.changed",
            event,
            observed.now,
        );
    }
    Ok(())
}
