//! The router over real sockets.

mod backend;
mod client;
mod drain;
mod hold;
mod routing;
mod world;
