//! Who gets the places: so many deliveries are under way at once, and nobody is to keep others waiting by
//! naming receivers that do not answer, be it one or a thousand.

use std::collections::BTreeMap;

use store::hooks::Lane;

/// Deliveries that are under way at once, in all and of one lane.
const PLACES: usize = 128;
const LANE_PLACES: usize = 8;

/// How many deliveries to take of which lanes, when those of `taken` (owner and lane of each) are under way.
///
/// An owner may have as many places as are free, and one lane of an owner as many as the owner may still
/// take: so of an owner alone half of all places stay free, of two a third, and the caller who comes next finds one.
/// Those with the fewest under way come first, then those that were interrupted, then those that are due
/// longest.
pub(super) fn share<'a>(
    taken: impl Iterator<Item = (&'a str, &'a str)>,
    lanes: &'a [Lane],
    now: i64,
) -> Vec<(Lane, i64)> {
    let mut busy = Busy::default();
    for (owner, lane) in taken {
        busy.take(owner, lane);
    }
    let mut due: Vec<&Lane> = lanes.iter().filter(|lane| lane.due_at <= now).collect();
    due.sort_by_key(|lane| {
        let (of_owner, of_lane) = busy.of(lane);
        (of_lane, of_owner, !lane.interrupted, lane.due_at)
    });
    let mut picks = vec![0; due.len()];
    for place in 0..LANE_PLACES {
        for (lane, pick) in due.iter().zip(&mut picks) {
            let (of_owner, of_lane) = busy.of(lane);
            let room = busy.free().saturating_sub(of_owner);
            if of_lane <= place && of_lane < room {
                busy.take(&lane.owner, &lane.name);
                *pick += 1;
            }
        }
    }
    let picked = due.into_iter().zip(picks).filter(|(_, pick)| *pick > 0);
    picked.map(|(lane, pick)| (lane.clone(), pick)).collect()
}

/// What is under way, or about to be.
#[derive(Default)]
struct Busy<'a> {
    all: usize,
    owners: BTreeMap<&'a str, usize>,
    lanes: BTreeMap<(&'a str, &'a str), usize>,
}

impl<'a> Busy<'a> {
    fn take(&mut self, owner: &'a str, lane: &'a str) {
        self.all += 1;
        *self.owners.entry(owner).or_default() += 1;
        *self.lanes.entry((owner, lane)).or_default() += 1;
    }

    fn free(&self) -> usize {
        PLACES.saturating_sub(self.all)
    }

    /// How many of the lane's owner, and how many of the lane.
    fn of(&self, lane: &Lane) -> (usize, usize) {
        let (owner, name) = (lane.owner.as_str(), lane.name.as_str());
        let count = |found: Option<&usize>| found.copied().unwrap_or(0);
        (
            count(self.owners.get(owner)),
            count(self.lanes.get(&(owner, name))),
        )
    }
}

#[cfg(test)]
mod tests;
