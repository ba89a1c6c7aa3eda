//! The executor's layers, with real processes and a real HTTP server for programs.

mod agent;
mod bed;
mod binaries;
mod confinement;
mod desk;
mod full;
mod leases;
mod output;
mod plugins;
mod programs;
mod shim;
mod stage;
mod uploaded;
