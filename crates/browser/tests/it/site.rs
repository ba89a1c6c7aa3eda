//! The site that the tests visit: files of `site/` and `oracle/pages/`, and answers that are slow or fail.

use std::{collections::HashMap, future::IntoFuture, net::SocketAddr, path::Path, time::Duration};

use axum::{
    Router,
    extract::{Path as UrlPath, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) struct Site {
    address: SocketAddr,
    server: JoinHandle<()>,
}

impl Site {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/{name}", get(file))
            .route("/oracle/{name}", get(oracle_file))
            .route("/slow/{ms}", get(slow))
            .route("/status/{code}", get(status))
            .route("/redirect", get(async || Redirect::to("/plain.html")))
            .route("/file/{name}", get(download))
            .route("/endless", get(endless))
            .route("/cookie", get(cookie))
            .route("/inline", get(inline))
            .with_state(address);
        let serving = axum::serve(listener, router).into_future();
        let server = tokio::spawn(async move { serving.await.unwrap() });
        Self { address, server }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same server under another name, which is another site for the browser.
    pub(crate) fn other_url(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.address.port())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn read(directory: &str, name: &str, address: SocketAddr) -> Response {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it")
        .join(directory);
    let Ok(text) = std::fs::read_to_string(path.join(name)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let other = format!("http://localhost:{}", address.port());
    let text = text.replace("OTHER_SITE", &other);
    match name.ends_with(".js") {
        true => ([(header::CONTENT_TYPE, "text/javascript")], text).into_response(),
        false => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response(),
    }
}

async fn file(UrlPath(name): UrlPath<String>, State(address): State<SocketAddr>) -> Response {
    read("site", &name, address)
}

async fn oracle_file(
    UrlPath(name): UrlPath<String>,
    State(address): State<SocketAddr>,
) -> Response {
    read("oracle/pages", &name, address)
}

async fn slow(UrlPath(ms): UrlPath<u64>) -> Html<String> {
    tokio::time::sleep(Duration::from_millis(ms)).await;
    Html(format!("<title>Slow</title><p>after {ms} ms</p>"))
}

async fn status(UrlPath(code): UrlPath<u16>) -> Response {
    let code = StatusCode::from_u16(code).unwrap();
    (code, Html(format!("<title>{code}</title>"))).into_response()
}

async fn download(UrlPath(name): UrlPath<String>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    (
        [(header::CONTENT_DISPOSITION, disposition)],
        "a".repeat(5000),
    )
        .into_response()
}

/// Begins and does not end.
async fn endless() -> Response {
    tokio::time::sleep(Duration::from_secs(600)).await;
    StatusCode::OK.into_response()
}

async fn cookie(headers: HeaderMap) -> Response {
    let sent = headers
        .get(header::COOKIE)
        .and_then(|value| value.to_str().ok());
    let page = format!("<title>Cookie</title><p>{}</p>", sent.unwrap_or("none"));
    (
        [(header::SET_COOKIE, "session=abc; HttpOnly; Path=/")],
        Html(page),
    )
        .into_response()
}

/// A page whose HTML is given.
async fn inline(Query(query): Query<HashMap<String, String>>) -> Html<String> {
    Html(query.get("html").cloned().unwrap_or_default())
}
