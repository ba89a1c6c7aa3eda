//! Old deliveries, and the hooks of runs that are gone, are deleted.

use crate::{
    Batch, Error,
    driver::args,
    retention::{ROWS, Swept, first_id_at},
};

/// Deletes deliveries that ended before `before`, and the hooks of runs that are gone and have
/// nothing left to deliver.
pub fn retain(batch: &mut Batch<'_, '_>, before: i64) -> Result<Swept, Error> {
    const OLD: &str = "SELECT hook_id, number FROM deliveries WHERE ended_at < $1
        ORDER BY ended_at LIMIT $2";
    const DELIVERY: &str = "DELETE FROM deliveries WHERE hook_id = $1 AND number = $2";
    const HOOKS: &str = "DELETE FROM hooks WHERE id IN (SELECT id FROM hooks
        WHERE run_id IS NOT NULL AND run_id < $1
        AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.id = hooks.run_id)
        AND NOT EXISTS (SELECT 1 FROM deliveries WHERE deliveries.hook_id = hooks.id)
        ORDER BY run_id LIMIT $2)";
    let old = batch.tx.all(OLD, args![before, ROWS], |row| {
        Ok((row.text(0)?, row.int(1)?))
    })?;
    let rows: Vec<_> = old
        .iter()
        .map(|(hook, number)| [hook.into(), (*number).into()])
        .collect();
    let deliveries = batch.tx.exec_many(DELIVERY, &rows)?;
    let hooks = batch.tx.exec(HOOKS, args![&first_id_at(before), ROWS])?;
    let most = ROWS.unsigned_abs();
    Ok(Swept {
        deleted: deliveries + hooks,
        more: deliveries >= most || hooks >= most,
    })
}
