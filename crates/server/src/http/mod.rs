//! HTTP under every route: connections, who may ask from where, bodies and their memory, and how a
//! request is read.

pub(crate) mod body;
pub(crate) mod budget;
pub(crate) mod check;
mod connection;
pub(crate) mod connections;
pub(crate) mod cors;
pub(crate) mod extract;
pub(crate) mod hosts;
pub(crate) mod json;
pub(crate) mod listener;
pub(crate) mod origin_check;
pub(crate) mod peer;
mod protection;
pub(crate) mod query;
pub(crate) mod requests;
pub(crate) mod transport;
