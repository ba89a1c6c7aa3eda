//! The plugin host with real processes and real components.

mod bed;
mod component;
mod depth;
mod install;
mod manifests;
mod network;
mod processes;
mod sandbox;
mod schemas;
mod wasm;
