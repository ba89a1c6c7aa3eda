//! The server as its callers see it: the contract over an in-process router with a fixed clock, the
//! seeded simulation, and what needs real TCP.

mod access;
mod answer;
mod artifacts;
mod audit;
mod blobs;
mod clients;
mod connections;
mod cors;
mod database;
mod disk;
mod events;
mod fuzz;
mod hooks;
mod jobs;
mod live;
mod metrics;
mod openapi;
mod origin;
mod playbooks;
mod playgrounds;
mod plugin_jobs;
mod protocol;
mod questions;
mod restart;
mod runs;
mod sim;
mod stream;
mod tcp;
mod test_server;
