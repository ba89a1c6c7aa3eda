//! The plugin host with real processes and real components.

mod component;
mod depth;
mod fuzz;
mod install;
mod manifests;
mod network;
mod processes;
mod sandbox;
mod schemas;
mod test_host;
mod wasm;
