//! The router over real sockets.

mod backend;
mod bodies;
mod client;
mod drain;
mod headers;
mod hold;
mod load;
mod malformed;
mod metrics;
mod pages;
mod raw;
mod repeats;
mod routing;
mod tls;
mod upgrades;
mod world;
