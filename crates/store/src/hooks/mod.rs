//! Hooks: where events are sent, and the deliveries that carry them there.
//!
//! The transaction that writes an event writes no delivery. Each hook has a number up to which it has
//! read the event log; [`plan`] reads on from there and [`expand`] writes the deliveries.

mod claim;
mod delivery;
mod due;
mod expand;
mod finish;
mod hook;
mod of_run;
mod plan;
mod retention;

pub use claim::{Sending, claim, release, renew};
pub use delivery::{DeliveryRow, Opened, deliveries, delivery, pending, replay, test};
pub use due::{SLOTS, Slot, due, due_plan};
pub use expand::{Composed, Expanded, expand};
pub use finish::{Attempted, DisableAfter, Outcome, finish};
pub use hook::{Change, Changed, Hook, NewHook, change, create, delete, find, list};
pub use of_run::RunHook;
pub use plan::{ComposeOfRun, Plan, plan};
pub use retention::retain;

pub(crate) use of_run::insert_of_runs;
