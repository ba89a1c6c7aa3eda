//! The PostgreSQL side of the driver.

mod address;
mod certificates;
mod commit;
mod connection;
mod dialect;
mod listener;

pub(in crate::driver) use address::hosts;
pub(crate) use connection::PostgresConnection;
pub(super) use dialect::translate;
pub(crate) use listener::Listener;
