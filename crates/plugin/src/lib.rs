//! The plugin host: WASM components and processes behind one interface.
//!
//! A [`Catalogue`] loads plugins from folders; a [`Plugin`] is called with a [`Context`] within
//! [`Limits`] and leaves an [`PluginOutcome`] or a [`Failure`]. Nothing that a plugin does, be it looping,
//! allocating, flooding or crashing, is more than a failed call.

mod answered;
mod catalogue;
mod check;
mod depth;
mod digest;
mod failure;
mod install;
mod limits;
mod logs;
pub mod manifest;
mod metrics;
mod plugin;
pub mod process;
pub mod protocol;
mod schema;
mod storage;
pub mod tree;
mod wasm;

pub use catalogue::{BrokenPlugin, Catalogue, Shipped};
pub use check::{CheckReport, Loaded, check};
pub use failure::{Cause, Failure};
pub use install::{InstallError, Installed, install};
pub use json_text::JsonText;
pub use limits::Limits;
pub use logs::Logs;
pub use manifest::{Entry, Manifest, ManifestError};
pub use metrics::{Direction, Metric, MetricKind};
pub use plugin::{Plugin, PluginOutcome, Summary};
pub use process::Spawner;
pub use protocol::{Context, Description, Level, Log, Storage};
pub use storage::{Changes, apply};
pub use tokio_util::sync::CancellationToken;

/// The world that components implement, in WIT.
pub const WORLD: &str = include_str!("../wit/plugin.wit");
