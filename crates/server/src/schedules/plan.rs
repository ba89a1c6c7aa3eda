//! What a look at a schedule decides.

use store::schedules::NextTime;
use wire::playbooks::{CatchUp, Overlap};

use super::timing::Times;

/// A time that has passed by more than this was missed: no server was there.
const GRACE_MS: i64 = 60_000;
/// Times that are made up for, or that wait, at most.
const BACKLOG: usize = 100;

/// What is to be started now, and when to go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookPlan {
    /// The time for which an execution is to be started, epoch milliseconds.
    pub(crate) start: Option<i64>,
    /// The time after it.
    pub(crate) next: i64,
}

/// Plans at `now` what becomes of the time that is due. Nothing when there is no further time.
pub(crate) fn plan(
    times: &Times,
    (overlap, catch_up): (Overlap, CatchUp),
    next: NextTime,
    now: i64,
) -> Option<LookPlan> {
    let due_at = next.due_at;
    let start = if next.queued_at.is_some() {
        match overlap {
            Overlap::CancelRunning => Some(times.until(now).unwrap_or(due_at)),
            Overlap::Queue | Overlap::Skip => Some(newest(times, due_at, now)),
        }
    } else if now - due_at <= GRACE_MS {
        Some(due_at)
    } else {
        match catch_up {
            // One may be due just now all the same.
            CatchUp::None => times.after(now - GRACE_MS - 1).filter(|at| *at <= now),
            CatchUp::Last => Some(times.until(now).unwrap_or(due_at)),
            CatchUp::All => Some(newest(times, due_at, now)),
        }
    };
    let next = times.after(start.unwrap_or(now))?;
    Some(LookPlan { start, next })
}

/// The first of the times from `due_at` until now, of the newest ones that are made up for.
fn newest(times: &Times, due_at: i64, now: i64) -> i64 {
    let before = |at: &i64| times.until(*at - 1);
    let passed = std::iter::successors(times.until(now), before);
    let mut passed = passed.take_while(|at| *at >= due_at).take(BACKLOG);
    passed.by_ref().last().unwrap_or(due_at)
}

#[cfg(test)]
mod tests {
    use store::schedules::NextTime;
    use wire::playbooks::{CatchUp, Overlap};

    use super::{super::timing::Timing, LookPlan, plan};

    const MINUTE: i64 = 60_000;

    /// What is started, of a schedule of every five minutes that was due at its fifth, one after the other.
    fn started(overlap: Overlap, catch_up: CatchUp, queued: bool, now: i64) -> Vec<i64> {
        let timing = Timing::Every {
            seconds: 300,
            from: 0,
        };
        let times = timing.times().expect("an interval");
        let mut next = NextTime::at(5 * MINUTE);
        let mut started = Vec::new();
        while next.due_at <= now {
            next.queued_at = queued.then_some(0);
            let LookPlan { start, next: after } =
                plan(&times, (overlap, catch_up), next, now).expect("a time");
            assert!(after > next.due_at, "it goes on");
            started.extend(start.map(|at| at / MINUTE));
            next = NextTime::at(after);
        }
        assert_eq!(next.due_at, times.after(now).expect("a time"));
        started
    }

    #[test]
    fn missed_times_are_made_up_for_as_asked() {
        let skip = |catch_up, now| started(Overlap::Skip, catch_up, false, now);
        for catch_up in [CatchUp::None, CatchUp::Last, CatchUp::All] {
            // In time, also when a server was away for a moment.
            assert_eq!(skip(catch_up, 5 * MINUTE), [5]);
            assert_eq!(skip(catch_up, 6 * MINUTE), [5]);
        }
        let late = 22 * MINUTE;
        assert_eq!(skip(CatchUp::None, late), [] as [i64; 0]);
        assert_eq!(skip(CatchUp::Last, late), [20]);
        assert_eq!(skip(CatchUp::All, late), [5, 10, 15, 20]);
        // The newest is due just now.
        assert_eq!(skip(CatchUp::None, 20 * MINUTE + 30_000), [20]);
        let all = skip(CatchUp::All, 5 * MINUTE * 1_000);
        assert_eq!((all.len(), all[0], all[99]), (100, 5 * 901, 5 * 1_000));
    }

    #[test]
    fn what_waits_is_not_missed() {
        for catch_up in [CatchUp::None, CatchUp::Last, CatchUp::All] {
            let queue = started(Overlap::Queue, catch_up, true, 22 * MINUTE);
            assert_eq!(queue, [5, 10, 15, 20]);
            let cancelled = started(Overlap::CancelRunning, catch_up, true, 22 * MINUTE);
            assert_eq!(cancelled, [20], "only the newest follows the cancelled one");
        }
    }
}
