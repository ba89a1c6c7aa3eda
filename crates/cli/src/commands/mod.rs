//! What the commands do: one file per noun.

mod approval;
mod audit;
mod backup;
mod clock;
mod completions;
mod connection;
mod credential;
mod demo;
mod dev;
mod dispatch;
mod doctor;
mod each;
mod events;
mod executor;
mod hook;
mod input;
mod job;
mod join;
mod key;
mod library;
mod outcome;
mod overview;
mod page;
mod place;
mod playbook;
mod playground;
mod playspec;
mod plugin;
mod plugin_job;
mod run;
mod schedule;
mod server;
mod serving;
mod submission;
mod vault;

pub(crate) use dispatch::{default_log, run};
