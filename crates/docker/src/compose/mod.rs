//! The Compose tool: the one parser and applier of Compose files.

mod commands;
mod error;
mod progress;
mod project;
mod tool;

pub use commands::{Down, Up};
pub use error::ComposeError;
pub use progress::ComposeProgress;
pub use project::{ComposeProject, Watch};
pub use tool::{ComposeTool, NoCompose};
