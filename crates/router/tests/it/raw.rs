//! A target of which the test writes every byte.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::client::Client;

/// Accepts one connection at a time.
pub(crate) struct RawBackend {
    pub(crate) address: SocketAddr,
    listener: TcpListener,
}

impl RawBackend {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self {
            address: listener.local_addr().unwrap(),
            listener,
        }
    }

    /// The next connection of the router.
    pub(crate) async fn accept(&self) -> Client {
        Client::of(self.listener.accept().await.unwrap().0)
    }
}
