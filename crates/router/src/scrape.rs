//! The counters as Prometheus reads them, at an address of their own: what a router answers itself must not be in
//! the way of the services.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

use crate::proxy::Proxy;

const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// Answers scrapes until the router closes.
pub(crate) async fn serve(listener: TcpListener, proxy: Arc<Proxy>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = proxy.lifecycle.closing.cancelled() => return,
        };
        let Ok((stream, _)) = accepted else {
            // As many descriptors as there may be are open.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let scraped = Arc::clone(&proxy);
        let service = service_fn(move |request| {
            let answer = answer(&request, &scraped);
            async move { Ok::<_, Infallible>(answer) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_LIMIT)
            .keep_alive(false)
            .serve_connection(TokioIo::new(stream), service);
        // One that breaks concerns only the one who scrapes.
        proxy
            .lifecycle
            .tasks
            .spawn(async move { drop(connection.await) });
    }
}

fn answer(request: &Request<Incoming>, proxy: &Proxy) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, proxy.registry.metrics().to_prometheus()),
        _ => (StatusCode::NOT_FOUND, "GET /metrics\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4");
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
