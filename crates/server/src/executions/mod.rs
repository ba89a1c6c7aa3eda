//! Executions as their contract shows them, for its routes and its socket.

mod loaded;
mod view;

pub(crate) use loaded::{LoadedExecution, find as load};
pub(crate) use view::execution as shown;
