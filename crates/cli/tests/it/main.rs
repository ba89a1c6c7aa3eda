//! The real binary, from outside.

mod backup;
mod config;
mod dev;
mod doctor;
mod follow;
mod harness;
mod help;
mod jobs;
mod stop;
mod submit;
mod usage;
