//! The real binary, from outside.

mod config;
mod doctor;
mod harness;
mod help;
mod usage;
