//! The contract of playgrounds: `/api/playgrounds`, `/api/playspecs`, `/api/playrooms` and `/api/launch`.

mod compose;
mod service;

pub use compose::{CheckedCompose, CheckedService};
pub use service::{ExposureSettings, GitConfig, PlayspecService, PortMapping, ServiceSettings};
