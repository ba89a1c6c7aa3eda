//! The executor's layers, with real processes and a real HTTP server for programs.

mod agent;
mod ahead;
mod artifacts;
mod binaries;
mod confinement;
mod downloads;
mod executions;
mod fake_server;
mod full;
mod health;
mod leases;
mod output;
mod plugins;
mod programs;
mod redactor;
mod sandbox;
mod shim;
mod starts;
mod test_dir;
mod test_executor;
mod uploaded;
