//! The acts of a transaction become lines at its end.

use super::{Act, chain};
use crate::{
    Error,
    seam::{Tx, Value, args},
};

/// Numbers and chains the acts, and writes them. The head stays locked until the commit: however
/// many servers write, there is one chain.
pub(crate) fn write(tx: &mut Tx<'_>, acts: &[Act]) -> Result<(), Error> {
    const TAKE: &str = "UPDATE audit_head SET newest = newest + $1 WHERE id = 1
        RETURNING newest, hash";
    const INSERT: &str = "INSERT INTO audit (number, at, actor, actor_name, origin, action,
        target_kind, target, last_target, runs, outcome, detail, times, hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    const HEAD: &str = "UPDATE audit_head SET hash = $1 WHERE id = 1";
    if acts.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(acts.len()).unwrap_or(i64::MAX);
    let (newest, mut previous) = tx
        .first(TAKE, args![count], |row| Ok((row.int(0)?, row.bytes(1)?)))?
        .ok_or_else(|| Error::Corrupt("the head of the audit is missing".to_owned()))?;
    let numbered = || (newest - count + 1..).zip(acts);
    let hashes: Vec<Vec<u8>> = numbered()
        .map(|(number, act)| {
            previous = chain::hash(&previous, number, act);
            previous.clone()
        })
        .collect();
    let rows: Vec<[Value<'_>; 14]> = numbered()
        .zip(&hashes)
        .map(|((number, act), hash)| row(number, act, hash))
        .collect();
    tx.exec_many(INSERT, &rows)?;
    tx.exec(HEAD, args![&previous]).map(drop)
}

fn row<'a>(number: i64, act: &'a Act, hash: &'a Vec<u8>) -> [Value<'a>; 14] {
    let many = act.target.many.as_ref();
    [
        number.into(),
        act.at.into(),
        (&act.actor.id).into(),
        (&act.actor.name).into(),
        (&act.origin).into(),
        (&act.action).into(),
        (&act.target.kind).into(),
        (&act.target.id).into(),
        many.map(|(last, _)| last).into(),
        many.map(|(_, runs)| runs).into(),
        act.outcome.as_str().into(),
        (&act.detail).into(),
        act.times.into(),
        hash.into(),
    ]
}
