//! The Compose document: as the compose tool normalises it, and the one that is generated for a playground.

mod document;
mod emit;
mod generate;
mod instance;
mod limits;
mod service_document;
mod volumes;

pub use document::{ComposeDocument, ComposeService, DocumentError, Properties};
pub use emit::to_yaml;
pub use generate::{GeneratedCompose, generate};
pub use instance::{FileMount, HostPort, PlaygroundInstance, ServiceInstance, SourceMount};
pub use limits::ResourceLimits;
pub use volumes::own_image_volumes;
