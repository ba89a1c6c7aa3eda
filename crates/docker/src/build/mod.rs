//! Builds of images: one image for one identity, not too many builds at once.

mod builder;
mod identity;
mod queue;

pub use builder::{BuildError, BuildRequest, BuildWatch, Builder, BuiltImage};
pub use identity::BuildIdentity;
