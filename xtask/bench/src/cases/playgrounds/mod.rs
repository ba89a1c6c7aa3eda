//! Playgrounds on a private Docker engine, by the executor inside of the server.

mod change;
mod idle;
mod router;
mod site;
mod wake;

pub(super) use change::measure as measure_change;
pub(super) use idle::measure as measure_idle;
pub(super) use router::measure as measure_router;
pub(super) use wake::measure as measure_wake;
