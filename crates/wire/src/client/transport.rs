//! How a request reaches the server: over HTTP, or in process through the same router.

use std::pin::Pin;

use bytes::Bytes;
use futures_util::{Stream, future::BoxFuture};
use http::{Request, Response};

use super::Error;

/// A body as it comes in.
pub type ByteStream = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// The server's answer.
pub type Reply = Response<ByteStream>;

/// A body to send.
pub enum Payload {
    /// All of it.
    Bytes(Bytes),
    /// As it is read.
    Stream(ByteStream),
}

impl Payload {
    /// No body.
    #[must_use]
    pub fn empty() -> Self {
        Self::Bytes(Bytes::new())
    }
}

/// Carries a request, whose URI is a path with a query, to the server.
pub trait Transport: Send + Sync + 'static {
    /// Sends the request. Fails only when no answer came; a refusal is an answer.
    fn send(&self, request: Request<Payload>) -> BoxFuture<'static, Result<Reply, Error>>;
}
