//! The side of the target: connections, one exchange over one of them, and the bodies in both directions.

mod body;
mod connection;
mod exchange;

pub(crate) use self::{
    body::{Relay, ResponseBody, UploadBody},
    connection::UpstreamConnection,
    exchange::{ExchangeError, Exchanged, exchange},
};
