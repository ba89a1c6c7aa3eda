//! What a run is and which changes are legal. Pure: no clock, no IO, no async, no randomness.
//!
//! A request, an executor's report or a loop's tick becomes a [`Command`]; [`step`] decides what it
//! changes, or why it may not.

mod change;
mod command;
mod id;
mod kind;
mod names;
mod part;
mod placement;
mod policy;
mod run;
mod signal;
mod states;
mod step;
mod wait;

pub use change::{Attempt, AttemptEnd, Change, Event, EventType, Rejected};
pub use command::{AttemptOutcome, Command, Holder, NewRun};
pub use id::{InvalidId, RunId};
pub use kind::Kind;
pub use names::UnknownName;
pub use part::{PartChange, Stage};
pub use placement::Resources;
pub use policy::{Backoff, DEFAULT_MAX_ATTEMPTS, OVERTIME_LEASES, ready_at, sort_key};
pub use run::{Lease, Outcome, Priority, Run, State, Status};
pub use signal::{Signal, Signals};
pub use states::states_markdown;
pub use step::{owned, step, submit};
pub use wait::{OnTimeout, Wait, WaitFor};
