//! Claims that found nothing and wait. The commit that makes a run ready serves them itself, so that
//! a run needs one commit, not two, to reach an idle executor.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use engine::Resources;

use crate::{items::ClaimCall, runs::family_of};

/// A claim waits in each of its queues and families; the caller who takes it first has it.
type Place = Arc<Mutex<Option<ClaimCall>>>;

/// The waiting claims of one store.
#[derive(Default)]
pub(crate) struct Waiters {
    /// How often runs became ready: a claim that looked before the last time looks again.
    round: u64,
    /// The same, of runs in queues that are of a family.
    family_round: u64,
    queues: HashMap<String, VecDeque<Place>>,
    families: HashMap<String, VecDeque<Place>>,
}

impl Waiters {
    /// What a claim that is about to look notes.
    pub(crate) fn round(&self) -> u64 {
        self.round
    }

    /// What a claim that is about to look into its families notes.
    pub(crate) fn family_round(&self) -> u64 {
        self.family_round
    }

    /// Runs became ready.
    pub(crate) fn turn(&mut self) {
        self.round += 1;
    }

    /// Some of them in queues of a family.
    pub(crate) fn turn_families(&mut self) {
        self.family_round += 1;
    }

    /// Lets a claim wait that looked in `round`; gives it back when that was too early.
    pub(crate) fn park(&mut self, call: ClaimCall, round: u64) -> Option<ClaimCall> {
        let claim = &call.claim;
        let late = !claim.families.is_empty() && claim.looked != self.family_round;
        // The caller who calls it back ends its waiting first, then looks for it here.
        if round != self.round || late || !call.waits.are_on() {
            return Some(call);
        }
        // Whether a run fits that counts something is known only when the claim looks again.
        let queues = claim
            .queues
            .iter()
            .filter(|queue| Resources::of_queue(queue).is_none());
        let (queues, families): (Vec<_>, _) = (queues.cloned().collect(), claim.families.clone());
        let place = Arc::new(Mutex::new(Some(call)));
        for queue in queues {
            wait_in(self.queues.entry(queue).or_default(), &place);
        }
        for family in families {
            wait_in(self.families.entry(family).or_default(), &place);
        }
        None
    }

    /// The claims that wait for any queue of this one's family: what it has may be for them.
    pub(crate) fn take_family(&mut self, queue: &str) -> Vec<ClaimCall> {
        let family = family_of(queue).and_then(|family| self.families.remove(family));
        let places = family.into_iter().flatten();
        places.filter_map(|place| lock(&place).take()).collect()
    }

    /// The claims that `count` ready runs of a queue can serve.
    pub(crate) fn take(&mut self, queue: &str, mut count: usize) -> Vec<ClaimCall> {
        let mut taken = Vec::new();
        let Some(places) = self.queues.get_mut(queue) else {
            return taken;
        };
        while count > 0 {
            let Some(place) = places.pop_front() else {
                break;
            };
            if let Some(call) = lock(&place).take()
                && !call.answer.is_closed()
            {
                count = count.saturating_sub(call.claim.max);
                taken.push(call);
            }
        }
        if places.is_empty() {
            self.queues.remove(queue);
        }
        taken
    }

    /// Those that were called back.
    pub(crate) fn take_called_back(&mut self) -> Vec<ClaimCall> {
        let queues = self.queues.values().flatten();
        let places = queues.chain(self.families.values().flatten());
        let called_back = |call: &mut ClaimCall| !call.waits.are_on();
        places
            .filter_map(|place| lock(place).take_if(called_back))
            .collect()
    }

    /// All of them.
    pub(crate) fn take_all(&mut self) -> Vec<ClaimCall> {
        let queues = std::mem::take(&mut self.queues).into_values();
        let families = std::mem::take(&mut self.families).into_values();
        let places = queues.chain(families).flatten();
        places.filter_map(|place| lock(&place).take()).collect()
    }
}

fn wait_in(places: &mut VecDeque<Place>, place: &Place) {
    // A caller that hung up leaves its place behind.
    while places.front().is_some_and(is_left) {
        places.pop_front();
    }
    places.push_back(place.clone());
}

fn is_left(place: &Place) -> bool {
    lock(place)
        .as_ref()
        .is_none_or(|call| call.answer.is_closed())
}

fn lock(place: &Place) -> std::sync::MutexGuard<'_, Option<ClaimCall>> {
    // What it guards is whole after every statement.
    place.lock().unwrap_or_else(PoisonError::into_inner)
}
