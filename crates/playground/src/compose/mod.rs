//! The Compose document: as the compose tool normalises it, and the one that is generated for a playground.

mod document;
mod emit;
mod generate;
mod instance;
mod limits;
mod service_document;

pub use document::{ComposeDocument, ComposeService, DocumentError, Properties};
pub use emit::to_yaml;
pub use generate::{GeneratedCompose, generate};
pub use instance::{FileMount, PlaygroundInstance, ServiceInstance, SourceMount};
pub use limits::ResourceLimits;
