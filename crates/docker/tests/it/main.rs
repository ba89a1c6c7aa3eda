//! The adapter against a real engine and the real Compose tool.

mod engine;
mod lifecycle;
mod logs;
mod project;
mod reaper;
