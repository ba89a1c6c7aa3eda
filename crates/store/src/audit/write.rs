//! The acts of a transaction become lines at its end.

use super::{AuditEntry, chain};
use crate::{
    Error,
    driver::{Tx, Value, args},
};

/// Numbers and chains the acts, and writes them. The head stays locked until the commit: however
/// many servers write, there is one chain.
pub(crate) fn write(tx: &mut Tx<'_>, entries: &[AuditEntry]) -> Result<(), Error> {
    const TAKE: &str = "UPDATE audit_head SET newest = newest + $1 WHERE id = 1
        RETURNING newest, hash";
    const INSERT: &str = "INSERT INTO audit (number, at, actor, actor_name, origin, action,
        target_kind, target, last_target, runs, outcome, detail, times, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    const HEAD: &str = "UPDATE audit_head SET hash = $1 WHERE id = 1";
    if entries.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    let (newest, mut previous) = tx
        .first(TAKE, args![count], |row| Ok((row.int(0)?, row.bytes(1)?)))?
        .ok_or_else(|| Error::Corrupt("the head of the audit is missing".to_owned()))?;
    let numbered = || (newest - count + 1..).zip(entries);
    let hashes: Vec<Vec<u8>> = numbered()
        .map(|(number, entry)| {
            previous = chain::hash(&previous, number, entry);
            previous.clone()
        })
        .collect();
    let rows: Vec<[Value<'_>; 14]> = numbered()
        .zip(&hashes)
        .map(|((number, entry), hash)| row(number, entry, hash))
        .collect();
    tx.exec_many(INSERT, &rows)?;
    tx.exec(HEAD, args![&previous]).map(drop)
}

fn row<'a>(number: i64, entry: &'a AuditEntry, hash: &'a Vec<u8>) -> [Value<'a>; 14] {
    let many = entry.target.many.as_ref();
    [
        number.into(),
        entry.at.into(),
        (&entry.actor.id).into(),
        (&entry.actor.name).into(),
        (&entry.origin).into(),
        (&entry.action).into(),
        (&entry.target.kind).into(),
        (&entry.target.id).into(),
        many.map(|(last, _)| last).into(),
        many.map(|(_, runs)| runs).into(),
        entry.outcome.as_str().into(),
        (&entry.detail).into(),
        entry.times.into(),
        hash.into(),
    ]
}
