//! The adapter to a Docker host: the engine's API, the Compose tool, git checkouts, builds of images.
//!
//! An [`Engine`] is asked about containers, networks, volumes and images by their labels, never by parsed
//! names. A [`ComposeProject`] runs the Compose tool for one project. The [`Reaper`] removes what bears the
//! labels of one owner. What to run, and what its outcome means, is decided elsewhere.

pub mod build;
mod child;
pub mod compose;
mod diagnosis;
mod endpoint;
pub mod engine;
mod error;
pub mod git;
mod lock;
mod ownership;
mod readiness;
mod reaper;

pub use child::ChildError;
pub use compose::{ComposeError, ComposeProject, ComposeTool};
pub use diagnosis::evidence;
pub use endpoint::{Endpoint, EndpointError};
pub use engine::Engine;
pub use error::DockerError;
pub use ownership::{Owner, Selection};
pub use readiness::{Finding, Readiness};
pub use reaper::{ReapScope, Reaped, Reaper};
pub use tokio_util::sync::CancellationToken;

/// Bytes as lower case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
