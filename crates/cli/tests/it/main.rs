//! The real binary, from outside.

mod audit;
mod backup;
mod config;
mod database;
mod dev;
mod doctor;
mod events;
mod follow;
mod harness;
mod help;
mod hooks;
mod jobs;
mod join;
mod keys;
mod kill;
mod kill_hooks;
mod ledger;
mod limits;
mod lost;
mod memory;
mod plugins;
mod resume;
mod stop;
mod submit;
mod traces;
mod usage;
