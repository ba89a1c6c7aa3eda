//! What the server itself calls: only addresses that it may call, whatever a URL or a name server
//! says.

mod client;
mod ssrf_filter;

pub(crate) use client::{Call, Client, OutboundResponse};
pub(crate) use ssrf_filter::{Refused, SsrfFilter};
