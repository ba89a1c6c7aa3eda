//! Which deliveries share places, and which of them have something to send. An owner may have any number of
//! lanes: one look takes so many of each owner, and the next one goes on after them.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    Batch, Error, Read,
    driver::{Value, args},
};

/// Lanes of one owner that one look finds, at most.
const LANES: i64 = 1_000;

/// From each owner to the next by the index, not through all deliveries.
const OWNERS: &str = "WITH RECURSIVE owners (name) AS (
        SELECT MIN(owner) FROM deliveries WHERE due_at IS NOT NULL
        UNION ALL
        SELECT (SELECT MIN(owner) FROM deliveries
            WHERE due_at IS NOT NULL AND owner > owners.name)
        FROM owners WHERE owners.name IS NOT NULL
    )
    SELECT name FROM owners WHERE name IS NOT NULL";

/// From each lane of an owner to the next, likewise.
const LANES_IN_USE: &str = "WITH RECURSIVE lanes (name) AS (
        SELECT MIN(lane) FROM deliveries
            WHERE due_at IS NOT NULL AND owner = $1 AND lane > $2
        UNION ALL
        SELECT (SELECT MIN(lane) FROM deliveries
            WHERE due_at IS NOT NULL AND owner = $1 AND lane > lanes.name)
        FROM lanes WHERE lanes.name IS NOT NULL
    )
    SELECT name FROM lanes WHERE name IS NOT NULL LIMIT $3";

const FIRST: &str = "SELECT due_at FROM deliveries
    WHERE owner = $1 AND lane = $2 AND due_at IS NOT NULL ORDER BY due_at LIMIT 1";

/// Lanes of claims that were not renewed, not each once.
const INTERRUPTED: &str = "SELECT owner, lane FROM deliveries
    WHERE claimed_by IS NOT NULL AND due_at <= $1";

/// Deliveries that share places: those of one hook, or of the hooks of an owner's runs to one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lane {
    /// Whoever made the hooks.
    pub owner: String,
    /// Its name; another owner may have one of the same name.
    pub name: String,
    /// When the first of its deliveries is due, epoch milliseconds.
    pub due_at: i64,
    /// Whether something of it was being sent and is not any more: its sender is gone.
    pub interrupted: bool,
}

/// Whose lanes come in turns: the owners of whom the last look did not see every lane, with the name of
/// the last that it saw. There the next one goes on.
pub type Turns = BTreeMap<String, String>;

/// The lanes that have something to send, now or later: of each owner those whose turn it is, or the first
/// ones, and all that were interrupted; and whose lanes come in turns from now on.
///
/// # Errors
/// The database's.
pub fn lanes(
    read: &mut Read<'_, '_>,
    turns: &Turns,
    now: i64,
) -> Result<(Vec<Lane>, Turns), Error> {
    let (mut found, mut next) = (Vec::new(), Turns::new());
    let interrupted = read.tx.all(INTERRUPTED, args![now], |row| {
        Ok((row.text(0)?, row.text(1)?))
    })?;
    let mut interrupted: BTreeSet<(String, String)> = interrupted.into_iter().collect();
    for owner in read.tx.all(OWNERS, args![], |row| row.text(0))? {
        let after = turns.get(&owner).map_or("", String::as_str);
        let args = args![&owner, after, LANES];
        let names = read.tx.all(LANES_IN_USE, args, |row| row.text(0))?;
        let rows: Vec<[Value<'_>; 2]> = names
            .iter()
            .map(|name| [(&owner).into(), name.into()])
            .collect();
        let firsts = read.tx.first_many(FIRST, &rows, |row| row.int(0))?;
        if let Some(last) = names.last()
            && i64::try_from(names.len()) == Ok(LANES)
        {
            next.insert(owner.clone(), last.clone());
        }
        found.extend(names.into_iter().zip(firsts).filter_map(|(name, due_at)| {
            let place = (owner.clone(), name);
            let interrupted = interrupted.remove(&place);
            Some(lane(place, due_at?, interrupted))
        }));
    }
    // Those whose turn it is not: what was cut off is not to wait for it.
    found.extend(interrupted.into_iter().map(|place| lane(place, now, true)));
    Ok((found, next))
}

fn lane((owner, name): (String, String), due_at: i64, interrupted: bool) -> Lane {
    Lane {
        owner,
        name,
        due_at,
        interrupted,
    }
}

/// How the database finds owners, lanes and what is due first in them.
///
/// # Errors
/// The database's.
pub fn lanes_plan(batch: &mut Batch<'_, '_>) -> Result<String, Error> {
    let plans = [
        batch.tx.plan(OWNERS, args![])?,
        batch.tx.plan(LANES_IN_USE, args!["a", "", LANES])?,
        batch.tx.plan(FIRST, args!["a", "b"])?,
        batch.tx.plan(INTERRUPTED, args![0])?,
    ];
    Ok(plans.join("\n"))
}
