//! What a run is and which changes are legal. Pure: no clock, no IO, no async, no randomness.
//!
//! A request, an executor's report or a loop's tick becomes a [`Command`]; [`step`] decides what it
//! changes, or why it may not.

mod change;
mod command;
mod id;
mod names;
mod policy;
mod run;
mod states;
mod step;

pub use change::{Attempt, AttemptEnd, Change, Event, EventType, Rejected};
pub use command::{Command, Holder, NewRun, Part, Stage, Verdict};
pub use id::{InvalidId, RunId};
pub use names::UnknownName;
pub use policy::{Backoff, DEFAULT_MAX_ATTEMPTS, OVERTIME_LEASES, rank, ready_at};
pub use run::{Class, Kind, Lease, Outcome, Run, Signal, State, Status};
pub use states::states_markdown;
pub use step::{held, step, submit};
