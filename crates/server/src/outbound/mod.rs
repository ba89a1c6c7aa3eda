//! What the server itself calls: only addresses that it may call, whatever a URL or a name server
//! says.

mod address;
mod client;
mod guard;

pub(crate) use client::{Answer, Call, Client};
pub(crate) use guard::{Guard, Refused};
