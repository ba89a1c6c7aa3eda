//! A receiver of webhooks: a real HTTP server on loopback that answers as the test says.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, Uri};
use serde_json::Value;
use tokio::{net::TcpListener, task::JoinHandle};

/// How one request is answered.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    Status(u16),
    Header(u16, &'static str, String),
    Body(u16, Vec<u8>),
    /// Never.
    Silence,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Received {
    pub(crate) fn body(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    pub(crate) fn event(&self) -> String {
        self.body()["event"].as_str().expect("an event").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().expect("text")
    }
}

#[derive(Default)]
struct Shared {
    received: Vec<Received>,
    replies: VecDeque<Reply>,
    always: Option<Reply>,
}

/// A receiver; it is down once it is dropped.
pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

impl Receiver {
    /// One that answers 200 unless told otherwise.
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0".parse().expect("an address")).await
    }

    /// One at an address that was another's before.
    pub(crate) async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a free port");
        let address = listener.local_addr().expect("bound");
        let shared = Arc::<Mutex<Shared>>::default();
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let serving = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("it serves");
        });
        Self {
            address,
            shared,
            serving,
        }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the next requests are answered, one each.
    pub(crate) fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.shared
            .lock()
            .expect("no panic")
            .replies
            .extend(replies);
    }

    /// What every further request is answered.
    pub(crate) fn always(&self, reply: Reply) {
        self.shared.lock().expect("no panic").always = Some(reply);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.shared.lock().expect("no panic").received.clone()
    }

    pub(crate) fn count(&self) -> usize {
        self.shared.lock().expect("no panic").received.len()
    }

    /// The names of the events that it received, in order.
    pub(crate) fn events(&self) -> Vec<String> {
        self.received().iter().map(Received::event).collect()
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer(
    State(shared): State<Arc<Mutex<Shared>>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let reply = {
        let mut shared = shared.lock().expect("no panic");
        shared.received.push(Received {
            path: uri.to_string(),
            headers,
            text: String::from_utf8(body.to_vec()).expect("text"),
        });
        let scripted = shared.replies.pop_front();
        scripted
            .or_else(|| shared.always.clone())
            .unwrap_or(Reply::Status(200))
    };
    let status = |code| StatusCode::from_u16(code).expect("a status");
    match reply {
        Reply::Status(code) => status(code).into_response(),
        Reply::Header(code, name, value) => (status(code), [(name, value)]).into_response(),
        Reply::Body(code, body) => (status(code), body).into_response(),
        Reply::Silence => std::future::pending().await,
    }
}
