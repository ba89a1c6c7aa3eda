//! A real Chromium, driven over a site that the tests serve themselves.

mod actions;
mod cancellation;
mod contexts;
mod failures;
mod frames;
mod inventory;
mod launch;
mod masks;
mod navigation;
mod oracle;
mod pictures;
mod popups;
mod recorder;
mod recorder_controls;
mod recorder_mouse;
mod recorder_replay;
mod setup;
mod site;
mod steering;
mod strictness;
mod tls;
mod visible;
mod waiting;
