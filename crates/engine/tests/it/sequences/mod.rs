//! Random commands from many executors and operators, delayed and repeated: old tokens are kept and sent
//! again. The promises hold in any order.

mod moves;
mod promises;
mod world;

use engine::submit;
use proptest::{collection::vec, prelude::*};

use self::world::{AGING_STEP_MS, World};

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
}
