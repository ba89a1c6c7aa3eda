//! Executions: how they are started and how their contract shows them, for its routes, its socket and schedules.

mod autofill;
mod edited;
mod header;
mod loaded;
mod retry;
mod submission;
mod view;

pub(crate) use header::Headers;
pub(crate) use loaded::{Extent, LoadedExecution, load};
pub(crate) use retry::{
    Prepared, RetryRequest, cannot_be, prepare_debug, prepare_retry, prepare_step_back, restart,
};
pub(crate) use submission::{missing_credential, requester, started, steps, submission};
pub(crate) use view::execution as shown;
