//! Hooks: where events are sent, and the deliveries that carry them there.
//!
//! Whoever commits an event writes no delivery. Each hook has a number up to which it has seen the
//! event log; [`plan`] reads on from there and [`expand`] writes the deliveries.

mod claim;
mod delivery;
mod expand;
mod finish;
mod hook;
mod lanes;
mod of_run;
mod plan;
mod retention;

pub use claim::{Sending, claim, release, renew};
pub use delivery::{DeliveryRow, Opened, deliveries, delivery, pending, replay, test};
pub use expand::{Composed, Expanded, expand};
pub use finish::{Attempted, Outcome, Patience, finish};
pub use hook::{Change, Changed, Hook, NewHook, change, create, delete, find, list};
pub use lanes::{Lane, Turns, lanes, lanes_plan};
pub use of_run::RunHook;
pub use plan::{ComposeOfRun, Plan, plan};
pub use retention::retain;

pub(crate) use of_run::insert_of_runs;
