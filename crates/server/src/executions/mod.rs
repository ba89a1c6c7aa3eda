//! Executions as their contract shows them, for its routes and its socket.

mod header;
mod loaded;
mod view;

pub(crate) use header::Headers;
pub(crate) use loaded::{Extent, LoadedExecution, load};
pub(crate) use view::execution as shown;
