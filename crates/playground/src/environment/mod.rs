//! The environment of a playground: default values from files, overrides, values of the system, each with its
//! source.

mod env_file;
mod masking;
mod merge;
mod secrets;

pub use env_file::{EnvFile, EnvFileProblem, parse_env_file};
pub use masking::{MASK, is_sensitive, mask};
pub use merge::{
    EnvLayers, EnvMetadata, EnvSource, MergedEnvironment, SourcedValue, merge, system_variables,
};
pub use secrets::{FilledVariables, SecretRequest, fill_secrets, secret_requests};
