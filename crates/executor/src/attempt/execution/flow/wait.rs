//! What an execution waits for when nothing else is to be done.

use std::time::Duration;

use engine::WaitFor;
use tokio::time::Instant;
use wire::executors::PartReport;

use super::{Begun, Flow};
use crate::attempt::{
    execution::{report, waits::StepState},
    progress_reporter::Waiting,
};

/// A wait that is longer is not worth an executor's slot.
const PARKED: Duration = Duration::from_secs(10);

impl Flow<'_> {
    /// What the run is to wait for, if nothing else is to be done.
    pub(super) fn wait(&self) -> Option<Waiting> {
        // A run that was cancelled cannot wait any more.
        if !self.ended.is_empty() || self.cancelled {
            return None;
        }
        let (mut asking, mut first, mut news) = (false, None, None);
        let earlier =
            |first: Option<Instant>, at: Instant| Some(first.map_or(at, |first| first.min(at)));
        for begun in self.begun.values() {
            match begun.waits.state() {
                _ if begun.asks.is_some() => asking = true,
                StepState::Busy => return None,
                StepState::Polls if self.is_paused() => {}
                StepState::Polls => return None,
                StepState::Until { at, .. } => first = earlier(first, at),
                StepState::News { .. } if self.is_paused() => {}
                // It is about to look again.
                StepState::News { looked, .. } if looked < self.operator.signals().generation => {
                    return None;
                }
                StepState::News { awaited, until, .. } => {
                    news = Some(news.map_or(awaited, |known| wider(known, awaited)));
                    first = until.map_or(first, |until| earlier(first, until));
                }
            }
        }
        let for_operator = Waiting {
            reason: WaitFor::Operator,
            limit: None,
            seen: self.seen(),
        };
        if let Some(reason) = news.filter(|_| !self.is_paused()) {
            let until = first.into_iter().chain(self.limits.next()).min();
            let limit = until.map(|at| at.saturating_duration_since(Instant::now()));
            let seen = self.seen();
            return (!asking).then_some(Waiting {
                reason,
                limit,
                seen,
            });
        }
        match first {
            _ if self.is_paused() => Some(for_operator),
            None => asking.then_some(for_operator),
            Some(_) if asking => None,
            Some(at) => {
                let at = self.limits.next().map_or(at, |over| over.min(at));
                let limit = at.saturating_duration_since(Instant::now());
                (limit > PARKED).then_some(Waiting {
                    reason: WaitFor::Time,
                    limit: Some(limit),
                    seen: self.seen(),
                })
            }
        }
    }

    /// The newest generation of signals that everything that waits has looked at.
    fn seen(&self) -> i64 {
        let newest = self.operator.signals().generation;
        // A pause is for the operator alone: after it, everything is looked at again.
        let waiting = self.begun.values().filter(|_| !self.is_paused());
        let looked = waiting.filter_map(|begun| match begun.waits.state() {
            StepState::News { looked, .. } => Some(looked),
            _ => None,
        });
        looked.fold(newest, i64::min)
    }

    /// What the parts of steps say that wait when the run is parked.
    pub(super) fn waiting(&self) -> Vec<PartReport> {
        let reports = self.begun.values().filter_map(|begun| {
            let Begun { part, title, .. } = begun;
            let times = report::Times {
                deadline: None,
                finally_until: self.limits.of_finally(&part.key.path),
            };
            let report = report::report(part, title, times);
            match (begun.waits.state(), &begun.asks) {
                (_, Some(why)) => Some(report::with(report, "error", why.clone())),
                (StepState::Until { clock_ms, .. }, None) => {
                    Some(report::with_time(report, begun.field, clock_ms))
                }
                _ => None,
            }
        });
        reports.collect()
    }
}

/// The reason of a wait that is woken for either: who waits for an approval is woken by news of a playground and by
/// the end of a child too, and who waits for a playground by the end of a child.
fn wider(one: WaitFor, other: WaitFor) -> WaitFor {
    let reasons = [WaitFor::Approval, WaitFor::Playground];
    let wide = reasons
        .into_iter()
        .find(|reason| [one, other].contains(reason));
    wide.unwrap_or(one)
}
