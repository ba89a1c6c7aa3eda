//! A run with everything that was seen of it.

use engine::{Command, Holder, Run, WaitFor, step};

use super::moves::{Caller, Look, Move};
use crate::sample::{holder, part};

pub(super) const EXECUTORS: [&str; 4] = ["a", "b", "c", "d"];
pub(super) const AGING_STEP_MS: i64 = 600_000;

pub(super) struct World {
    pub(super) run: Run,
    pub(super) now: i64,
    pub(super) lease_ms: i64,
    /// The holders of all leases so far.
    pub(super) given: Vec<Holder>,
    pub(super) claims: i64,
    /// Attempts lost or failed since the submit or the last retry.
    pub(super) bad_ends: i64,
    /// Parts of the work that ended in the attempt that is open.
    pub(super) parts: i64,
    /// Attempts that were lost.
    pub(super) lost: i64,
    /// The most that may be lost: the parts that ended, and the cap once for the submit and each retry.
    pub(super) allowed: i64,
    pub(super) finished: Vec<i64>,
    /// Child runs that have not ended.
    pub(super) live_children: u64,
    /// A cancel was accepted since the submit or the last retry.
    pub(super) cancelled: bool,
}

impl World {
    pub(super) fn new(run: Run, now: i64, lease_ms: i64) -> Self {
        Self {
            allowed: run.max_attempts,
            run,
            now,
            lease_ms,
            given: Vec::new(),
            claims: 0,
            bad_ends: 0,
            parts: 0,
            lost: 0,
            finished: Vec::new(),
            live_children: 0,
            cancelled: false,
        }
    }

    fn holder(&self, caller: &Caller) -> Holder {
        match caller {
            Caller::Token { pick } if !self.given.is_empty() => {
                self.given[pick % self.given.len()].clone()
            }
            Caller::Newest if !self.given.is_empty() => self.given[self.given.len() - 1].clone(),
            Caller::Token { .. } | Caller::Newest => holder("a", Some(1)),
            Caller::Invented { token } => holder("a", Some(*token)),
            Caller::Name { executor } => holder(EXECUTORS[*executor], None),
        }
    }

    fn generation(&self, look: &Look) -> i64 {
        let newest = self.run.signals.generation;
        match look {
            Look::Newest => newest,
            Look::Before { generations } => newest - generations,
        }
    }

    fn command(&self, next: &Move) -> Option<Command> {
        let (aging_step_ms, lease_ms, jitter) = (AGING_STEP_MS, self.lease_ms, 0.5);
        let live_children = self.live_children;
        let wake = |reason| Command::Wake {
            reason,
            live_children,
            aging_step_ms,
        };
        Some(match next {
            Move::Pass { .. } | Move::StartChild => return None,
            Move::Unhold => Command::Unhold { aging_step_ms },
            Move::Due => Command::Due,
            Move::Claim { executor } => Command::Claim {
                executor: EXECUTORS[*executor].to_owned(),
                lease_ms,
            },
            Move::Heartbeat(caller) => Command::Heartbeat {
                holder: self.holder(caller),
                lease_ms,
            },
            Move::Advance(caller, stage, look) => Command::Advance {
                holder: self.holder(caller),
                parts: vec![part(*stage)],
                state: false,
                acknowledged: self.generation(look),
            },
            Move::Park(caller, wait, look) => Command::Park {
                holder: self.holder(caller),
                wait: *wait,
                seen: self.generation(look),
                live_children,
            },
            Move::Finish(caller, outcome) => Command::Finish {
                holder: self.holder(caller),
                outcome: *outcome,
                error: None,
                jitter,
                aging_step_ms,
            },
            Move::Release(caller) => Command::Release {
                holder: self.holder(caller),
                reason: None,
            },
            Move::Abandon(caller) => Command::Abandon {
                holder: self.holder(caller),
                error: "its disk is full".to_owned(),
            },
            Move::Signal(signal) => Command::Signal {
                signal: *signal,
                aging_step_ms,
            },
            Move::Wake(reason) => wake(*reason),
            Move::EndChild => wake(WaitFor::Child),
            Move::WaitOver => Command::WaitOver { aging_step_ms },
            Move::Expire => Command::Expire {
                jitter,
                aging_step_ms,
                lease_ms,
            },
            Move::CancelPending => Command::CancelPending,
            Move::Retry => Command::Retry { aging_step_ms },
        })
    }

    pub(super) fn make(&mut self, next: &Move) {
        match next {
            Move::Pass { ms } => self.now += ms,
            Move::StartChild => self.live_children += u64::from(!self.run.is_cancelled()),
            // A child ends and wakes its parent in one transaction.
            Move::EndChild if self.live_children == 0 => return,
            Move::EndChild => self.live_children -= 1,
            _ => {}
        }
        let Some(command) = self.command(next) else {
            return;
        };
        let before = self.run.clone();
        match step(&before, &command, self.now) {
            Ok(change) => {
                self.check(&before, &command, &change);
                self.run = change.run;
                self.check_wait();
            }
            Err(rejected) => {
                assert!(!matches!(command, Command::Wake { .. }), "a refused wake");
                assert_eq!(rejected.status, before.state.status());
                let name = command.name().trim_end_matches("_pending");
                assert_eq!(rejected.command, name);
            }
        }
    }
}
