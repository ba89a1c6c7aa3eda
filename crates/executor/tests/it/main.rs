//! The executor's layers below the agent, with real processes and a real HTTP server.

mod bed;
mod shim;
