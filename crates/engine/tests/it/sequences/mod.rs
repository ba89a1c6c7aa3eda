//! Random commands from many executors and operators, delayed and repeated: old tokens are kept and sent
//! again. The promises hold in any order.

mod moves;
mod promises;
mod world;

use engine::{Command, NewRun, Stage, Status, step, submit};
use proptest::{collection::vec, prelude::*};

use self::world::{AGING_STEP_MS, World};
use crate::sample::{holder, new_run, part};

proptest! {
    #![proptest_config(ProptestConfig { cases: 6_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn promises_hold_in_any_order(
        new in moves::new_runs(),
        lease_ms in 1..40_000_i64,
        moves in vec(moves::moves(), 1..120),
    ) {
        let mut world = World::new(submit(new, AGING_STEP_MS, 10_000).run, 10_000, lease_ms);
        for next in &moves {
            world.make(next);
        }
    }

    /// A run whose executors all die ends failed after as many attempts as it may have.
    #[test]
    fn a_run_that_kills_its_executors_ends(max_attempts in 1..20_i64, drains in vec(any::<bool>(), 60)) {
        let mut run = submit(NewRun { max_attempts, ..new_run() }, 0, 0).run;
        let (mut now, mut lost) = (0, 0);
        for drained in drains {
            let Ok(change) = step(&run, &Command::Claim { executor: "a".to_owned(), lease_ms: 10 }, now)
            else { break };
            now += 10;
            let command = if drained {
                Command::Release { holder: holder("a", Some(change.run.token)) }
            } else {
                lost += 1;
                Command::Expire { jitter: 0.0, aging_step_ms: 0, lease_ms: 10 }
            };
            run = step(&change.run, &command, now).unwrap().run;
        }
        prop_assert_eq!(run.failure_count, lost.min(max_attempts));
        prop_assert_eq!(run.state.status() == Status::Failed, lost == max_attempts);
    }

    /// The same if executors make progress first: one loss for each part that ended does not count.
    #[test]
    fn a_run_that_makes_progress_and_kills_its_executors_ends(
        max_attempts in 1..20_i64, ended in vec(any::<bool>(), 60),
    ) {
        let mut run = submit(NewRun { max_attempts, ..new_run() }, 0, 0).run;
        let (mut now, mut lost, mut parts) = (0, 0, 0);
        for ended in ended {
            let Ok(change) = step(&run, &Command::Claim { executor: "a".to_owned(), lease_ms: 10 }, now)
            else { break };
            run = change.run;
            let holder = holder("a", Some(run.token));
            let changes = vec![part(if ended { Stage::Completed } else { Stage::Started })];
            run = step(&run, &Command::Advance { holder, parts: changes, acknowledged: 0 }, now).unwrap().run;
            now += 10;
            parts += i64::from(ended);
            lost += 1;
            let expire = Command::Expire { jitter: 0.0, aging_step_ms: 0, lease_ms: 10 };
            run = step(&run, &expire, now).unwrap().run;
        }
        prop_assert_eq!(run.failure_count, lost - parts);
        prop_assert!(lost <= max_attempts + parts);
        prop_assert_eq!(run.state.status() == Status::Failed, lost - parts == max_attempts);
    }
}
