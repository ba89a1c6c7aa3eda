//! The router over real sockets.

mod backend;
mod client;
mod drain;
mod hold;
mod load;
mod routing;
mod world;
