//! The audit: who did what to what, from where, and what became of it.
//!
//! A line is written in the transaction of the change that it speaks of: whatever changes something
//! on request takes an [`AuditEntry`] and hands it to the batch, which chains the acts of a
//! transaction at its end. Nothing changes a line, and only [`retain`] removes any, the oldest first.

mod chain;
mod entry;
mod find;
mod retain;
mod verify;
mod write;

pub use chain::Record;
pub use entry::{Actor, AuditEntry, Outcome, Target};
pub use find::{Filter, Page, find};
pub use retain::retain;
pub use verify::{Broken, Verified, verify};
pub(crate) use write::write;

use crate::{
    Error, Read,
    driver::{Row, args},
};

/// The columns that [`read_line`] takes, in its order.
macro_rules! columns {
    () => {
        "number, at, actor, actor_name, origin, action, target_kind, target, last_target, runs, \
         outcome, detail, times, hash"
    };
}
use columns;

/// The ends of the chain.
struct Extent {
    /// Number of the newest line that was removed, 0 when none was, and its hash.
    removed: (i64, Vec<u8>),
    /// Number of the newest line, 0 when there is none, and its hash.
    newest: (i64, Vec<u8>),
}

fn extent(read: &mut Read<'_, '_>) -> Result<Extent, Error> {
    const EXTENT: &str = "SELECT audit_start.removed, audit_start.hash, audit_head.newest,
        audit_head.hash FROM audit_start, audit_head";
    let extent = read.tx.first(EXTENT, args![], |row| {
        Ok(Extent {
            removed: (row.int(0)?, row.bytes(1)?),
            newest: (row.int(2)?, row.bytes(3)?),
        })
    })?;
    extent.ok_or_else(|| Error::Corrupt("an end of the audit is missing".to_owned()))
}

fn read_line(row: &Row<'_>) -> Result<Record, Error> {
    let many = row.opt_text(8)?.zip(row.opt_bytes(9)?);
    let entry = AuditEntry {
        at: row.int(1)?,
        actor: Actor {
            id: row.text(2)?,
            name: row.text(3)?,
        },
        origin: row.text(4)?,
        action: row.text(5)?,
        target: Target {
            kind: row.text(6)?,
            id: row.text(7)?,
            many,
        },
        outcome: row.name(10)?,
        detail: row.text(11)?,
        times: row.int(12)?,
    };
    Ok(Record {
        number: row.int(0)?,
        entry,
        hash: row.bytes(13)?,
    })
}
