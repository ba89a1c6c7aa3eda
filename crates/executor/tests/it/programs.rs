//! A real HTTP server that serves programs, well and badly.

use std::{
    collections::HashMap,
    convert::Infallible,
    sync::{Arc, Mutex},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use tokio::sync::Notify;

/// The server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Programs {
    base: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    files: Mutex<HashMap<String, Bytes>>,
    requests: Mutex<HashMap<String, usize>>,
    /// Downloads under `gate/` begin, those under `half/` go on, when this is told.
    gate: Notify,
}

impl Programs {
    pub(crate) async fn serve() -> Self {
        let shared = Arc::new(Shared::default());
        let routes = Router::new()
            .route("/file/{name}", get(file))
            .route("/gate/{name}", get(gated))
            .route("/half/{name}", get(halved))
            .route("/hang/{name}", get(hanging))
            .route(
                "/loop/{name}",
                get(|| async { Redirect::temporary("/loop/again") }),
            )
            .route(
                "/scheme/{name}",
                get(|| async { Redirect::temporary("file:///bin/true") }),
            )
            .route("/hops/{left}/{name}", get(hops))
            .with_state(Arc::clone(&shared));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let address = listener.local_addr().expect("its address");
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self {
            base: format!("http://{address}"),
            shared,
        }
    }

    /// Puts a file there; its URL begins with `way`.
    pub(crate) fn put(&self, way: &str, name: &str, bytes: impl Into<Bytes>) -> String {
        self.shared
            .files
            .lock()
            .unwrap()
            .insert(name.to_owned(), bytes.into());
        self.url(way, name)
    }

    pub(crate) fn url(&self, way: &str, name: &str) -> String {
        format!("{}/{way}/{name}", self.base)
    }

    /// How often a file was asked for.
    pub(crate) fn requests(&self, name: &str) -> usize {
        self.shared
            .requests
            .lock()
            .unwrap()
            .get(name)
            .copied()
            .unwrap_or(0)
    }

    /// Lets one gated download end.
    pub(crate) fn open_gate(&self) {
        self.shared.gate.notify_one();
    }
}

impl Shared {
    fn take(&self, name: &str) -> Option<Bytes> {
        *self
            .requests
            .lock()
            .unwrap()
            .entry(name.to_owned())
            .or_default() += 1;
        self.files.lock().unwrap().get(name).cloned()
    }
}

async fn file(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    match shared.take(&name) {
        Some(bytes) => {
            // In pieces, so that no length is announced.
            let pieces: Vec<_> = bytes.chunks(1000).map(Bytes::copy_from_slice).collect();
            let pieces = pieces.into_iter().map(Ok::<_, Infallible>);
            Body::from_stream(stream::iter(pieces)).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn gated(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let Some(bytes) = shared.take(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    shared.gate.notified().await;
    bytes.into_response()
}

/// The first half, and the second when the gate opens.
async fn halved(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    let Some(bytes) = shared.take(&name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let (first, second) = (
        bytes.slice(..bytes.len() / 2),
        bytes.slice(bytes.len() / 2..),
    );
    let rest = async move {
        shared.gate.notified().await;
        Ok::<_, Infallible>(second)
    };
    Body::from_stream(stream::iter([Ok(first)]).chain(stream::once(rest))).into_response()
}

/// One byte, then nothing for an hour.
async fn hanging(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Response {
    shared.take(&name);
    let pieces = stream::unfold(false, |sent| async move {
        if sent {
            tokio::time::sleep(Duration::from_secs(3600)).await;
        }
        Some((Ok::<_, Infallible>(Bytes::from_static(b"x")), true))
    });
    Body::from_stream(pieces).into_response()
}

async fn hops(
    State(shared): State<Arc<Shared>>,
    Path((left, name)): Path<(u32, String)>,
) -> Response {
    match left {
        0 => file(State(shared), Path(name)).await,
        _ => Redirect::temporary(&format!("/hops/{}/{name}", left - 1)).into_response(),
    }
}
