//! How many runs there are, by kind, status and priority.

use std::collections::BTreeMap;

use engine::{Kind, Priority, Status};

use crate::{
    Error,
    driver::{Tx, Value},
};

/// By how much each counter changes.
pub(crate) type Counts = BTreeMap<(Kind, Status, Priority), i64>;

/// Writes the changes.
pub(crate) fn write(tx: &mut Tx<'_>, counts: &Counts) -> Result<(), Error> {
    // The row exists from the first count on; a row that goes below 0 would be refused in VALUES.
    const SEED: &str = "INSERT INTO counters (kind, status, priority, n) VALUES ($1, $2, $3, 0)
        ON CONFLICT (kind, status, priority) DO NOTHING";
    const COUNT: &str = "UPDATE counters SET n = n + $4
        WHERE kind = $1 AND status = $2 AND priority = $3 RETURNING n";
    let rows: Vec<[Value<'_>; 4]> = counts
        .iter()
        .filter(|(_, n)| **n != 0)
        .map(|((kind, status, priority), n)| {
            [
                kind.as_str().into(),
                status.as_str().into(),
                priority.as_str().into(),
                (*n).into(),
            ]
        })
        .collect();
    let counted = tx.first_many(COUNT, &rows, |row| row.int(0))?;
    for (row, _) in rows.iter().zip(counted).filter(|(_, n)| n.is_none()) {
        // Another server may have made the row meanwhile: then this waits for its commit.
        tx.exec(SEED, &row[..3])?;
        tx.first(COUNT, row, |row| row.int(0))?;
    }
    Ok(())
}
