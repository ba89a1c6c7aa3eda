//! Live streams over real connections.

mod executions;
mod keys;
mod many;
mod slow;
mod socket;
mod sockets;
