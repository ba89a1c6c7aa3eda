//! Executions: a playbook that was started.

mod autofill;
pub(crate) mod control;
pub(crate) mod delete;
pub(crate) mod find;
mod loaded;
pub(crate) mod start;
mod view;

pub(crate) use loaded::find as load;
pub(crate) use view::execution as shown;
