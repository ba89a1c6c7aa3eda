//! What the commands do: one file per noun.

mod audit;
mod backup;
mod completions;
mod connection;
mod demo;
mod dev;
mod doctor;
mod events;
mod executor;
mod hook;
mod job;
mod join;
mod key;
mod overview;
mod place;
mod plugin;
mod plugin_job;
mod run;
mod server;
mod serving;

pub(crate) use run::{default_log, run};
