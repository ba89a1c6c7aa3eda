//! Which deliveries are sent next: the oldest first, with a limit for each hook and for each owner of
//! hooks, so that receivers that do not answer delay only deliveries of their own owner.

use std::collections::BTreeMap;

use crate::{Batch, Error, Read, driver::args};

/// Deliveries that one server sends at once: in all, of one owner, and of one hook.
pub const SLOTS: usize = 256;
const OF_OWNER: usize = 64;
const OF_HOOK: usize = 8;

/// From each owner to the next by the index, not through all deliveries.
const OWNERS: &str = "WITH RECURSIVE owners (name) AS (
        SELECT MIN(owner) FROM deliveries WHERE due_at IS NOT NULL
        UNION ALL
        SELECT (SELECT MIN(owner) FROM deliveries
            WHERE due_at IS NOT NULL AND owner > owners.name)
        FROM owners WHERE owners.name IS NOT NULL
    )
    SELECT name FROM owners WHERE name IS NOT NULL";

/// Without those that are being sent, which are few, and those of hooks that have all their slots. An owner
/// below its limit has at most seven of them.
const OLDEST: &str = "SELECT due_at, hook_id, number FROM deliveries
    WHERE owner = $1 AND due_at IS NOT NULL AND (claimed_until IS NULL OR claimed_until <= $2)
    AND hook_id NOT IN ($3, $4, $5, $6, $7, $8, $9)
    ORDER BY due_at, hook_id, number LIMIT 64";

/// A delivery that is being sent, or that can be.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The key that made the hook.
    pub owner: String,
    /// The hook.
    pub hook_id: String,
    /// The delivery's number at this hook.
    pub number: i64,
}

/// How many slots are taken.
#[derive(Default)]
struct Taken<'a> {
    all: usize,
    of_owner: BTreeMap<&'a str, usize>,
    of_hook: BTreeMap<(&'a str, &'a str), usize>,
}

impl<'a> Taken<'a> {
    /// Takes a slot; false when the limit of the owner, the hook or the server is reached.
    fn take(&mut self, slot: &'a Slot) -> bool {
        let of_owner = self.of_owner.entry(&slot.owner).or_default();
        let of_hook = self
            .of_hook
            .entry((&slot.owner, &slot.hook_id))
            .or_default();
        let free = self.all < SLOTS && *of_owner < OF_OWNER && *of_hook < OF_HOOK;
        if free {
            self.all += 1;
            *of_owner += 1;
            *of_hook += 1;
        }
        free
    }

    /// The owner's hooks without a free slot, or nothing when the owner itself has none.
    fn full_hooks(&self, owner: &str) -> Option<[&'a str; 7]> {
        if self.of_owner.get(owner).is_some_and(|n| *n >= OF_OWNER) {
            return None;
        }
        let of_owner = self.of_hook.range((owner, "")..);
        let of_owner = of_owner.take_while(|((of, _), _)| *of == owner);
        let mut full = of_owner
            .filter(|(_, n)| **n >= OF_HOOK)
            .map(|(hook, _)| hook.1);
        Some([(); 7].map(|()| full.next().unwrap_or("")))
    }
}

/// The deliveries to send now, beside those that are `sending`, and when the next one is due. What a server
/// that is gone has claimed is as old as it was: it goes before all that waits for the same hook.
pub fn due(
    read: &mut Read<'_, '_>,
    sending: &[Slot],
    now: i64,
) -> Result<(Vec<Slot>, Option<i64>), Error> {
    let mut taken = Taken::default();
    for slot in sending {
        taken.take(slot);
    }
    let mut oldest: Vec<(i64, Slot)> = Vec::new();
    for owner in read.tx.all(OWNERS, args![], |row| row.text(0))? {
        let Some([a, b, c, d, e, f, g]) = taken.full_hooks(&owner) else {
            continue;
        };
        let rows = read
            .tx
            .all(OLDEST, args![&owner, now, a, b, c, d, e, f, g], |row| {
                let (owner, hook_id, number) = (owner.clone(), row.text(1)?, row.int(2)?);
                let slot = Slot {
                    owner,
                    hook_id,
                    number,
                };
                Ok((row.int(0)?, slot))
            })?;
        oldest.extend(rows);
    }
    oldest.sort_unstable();
    let (due, later) = oldest.split_at(oldest.partition_point(|(due_at, _)| *due_at <= now));
    let due = due.iter().map(|(_, slot)| slot);
    let due = due.filter(|slot| taken.take(slot)).cloned().collect();
    Ok((due, later.first().map(|(due_at, _)| *due_at)))
}

/// How the database finds owners and what is due first of each.
pub fn due_plan(batch: &mut Batch<'_, '_>) -> Result<String, Error> {
    let oldest = args!["a", 0, "", "", "", "", "", "", ""];
    let plans = [
        batch.tx.plan(OWNERS, args![])?,
        batch.tx.plan(OLDEST, oldest)?,
    ];
    Ok(plans.join("\n"))
}
