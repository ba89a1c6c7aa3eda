//! The way into the server for its own process: the same router, no TCP.

use axum::{Router, body::Body, extract::Request};
use futures_util::{StreamExt, TryStreamExt, future::BoxFuture};
use tower::ServiceExt;
use wire::client::{ByteStream, Error, Payload, Reply, Transport};

use crate::Principal;

/// Calls the router as [`Principal::Builtin`].
pub(crate) struct InProcess {
    router: Router,
}

impl InProcess {
    pub(crate) fn new(router: Router) -> Self {
        Self { router }
    }
}

impl Transport for InProcess {
    fn send(&self, request: http::Request<Payload>) -> BoxFuture<'static, Result<Reply, Error>> {
        let (parts, payload) = request.into_parts();
        let body = match payload {
            Payload::Bytes(bytes) => Body::from(bytes),
            Payload::Stream(stream) => Body::from_stream(stream),
        };
        let mut request = Request::from_parts(parts, body);
        request.extensions_mut().insert(Principal::Builtin);
        let router = self.router.clone();
        Box::pin(async move {
            // The router's error type is empty.
            let Ok(response) = router.oneshot(request).await;
            let (parts, body) = response.into_parts();
            let stream = body
                .into_data_stream()
                .map_err(std::io::Error::other)
                .boxed();
            Ok(Reply::from_parts(parts, stream as ByteStream))
        })
    }
}
