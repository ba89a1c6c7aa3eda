//! The adapter against a real engine and the real Compose tool.

mod builds;
mod compose;
mod engine;
mod failures;
mod git;
mod git_server;
mod lifecycle;
mod logs;
mod project;
mod reaper;
mod sample;
