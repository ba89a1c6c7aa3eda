//! Schedules: when their times are, what a look at one decides, and what they start. Requests record them
//! (`api/schedules/`), a loop acts (`loops/schedules.rs`).

mod definition;
mod plan;
mod start;
mod timing;

pub(crate) use definition::Definition;
pub(crate) use plan::{LookPlan, plan};
pub(crate) use start::{SCHEDULE_LABEL, TIME_LABEL, check, start};
pub(crate) use timing::Timing;
