//! A web service for tests, in an image of its own: it says who answers, and can be slow in every way.
//!
//! Settings are variables: `PORT` (80), `VERSION`, and in milliseconds `HEALTHY_AFTER`, `STOP_AFTER` (how long
//! it goes on serving after SIGTERM) and `CRASH_AFTER`. With the argument `check` it asks the one that runs
//! whether it is healthy.
#![expect(
    clippy::disallowed_methods,
    reason = "a program of its own, whose settings are variables"
)]

use std::{
    convert::Infallible,
    env,
    pin::pin,
    process::ExitCode,
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result};
use axum::{
    Json, Router,
    body::Body,
    extract::{
        Path, Request,
        ws::{Message, WebSocket, WebSocketUpgrade},
    },
    http::{HeaderMap, StatusCode},
    response::{
        Response, Sse,
        sse::{Event, KeepAlive},
    },
    routing::{any, get, post},
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    signal::unix::{SignalKind, signal},
    sync::watch,
    time,
};

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Whether it was told to stop: then streams and sockets end as they should.
static STOPPING: LazyLock<watch::Sender<bool>> = LazyLock::new(|| watch::Sender::new(false));

/// How many requests and sockets are being served.
static SERVED: AtomicU64 = AtomicU64::new(0);

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    LazyLock::force(&STARTED);
    let ended = if env::args()
        .nth(1)
        .is_some_and(|argument| argument == "check")
    {
        check().await
    } else {
        serve().await
    };
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

async fn serve() -> Result<()> {
    let routes = Router::new()
        .route("/", any(whoami))
        .route("/health", get(health))
        .route("/echo", post(echo))
        .route("/headers", get(headers))
        .route("/slow/{milliseconds}", get(slow))
        .route("/events", get(events))
        .route("/socket", get(socket))
        .fallback(any(whoami));
    let listener = TcpListener::bind(("0.0.0.0", port())).await?;
    tokio::select! {
        served = axum::serve(listener, routes).with_graceful_shutdown(stopped()) => Ok(served?),
        () = crash() => anyhow::bail!("crashed as it was told"),
    }
}

/// Who answers.
async fn whoami(request: Request) -> Json<Value> {
    Json(json!({
        "version": text("VERSION"),
        "container": container(),
        "path": request.uri().path(),
        "served": SERVED.fetch_add(1, Ordering::Relaxed) + 1,
    }))
}

async fn health() -> StatusCode {
    if STARTED.elapsed() < milliseconds("HEALTHY_AFTER") {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    }
}

/// The body as it came, while it comes.
async fn echo(request: Request) -> Response {
    Response::new(Body::from_stream(request.into_body().into_data_stream()))
}

async fn headers(headers: HeaderMap) -> Json<Value> {
    let pairs = headers.iter().map(|(name, value)| {
        let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        (name.to_string(), Value::String(value))
    });
    Json(Value::Object(pairs.collect()))
}

async fn slow(Path(milliseconds): Path<u64>, request: Request) -> Json<Value> {
    time::sleep(Duration::from_millis(milliseconds)).await;
    whoami(request).await
}

/// A number every 50 milliseconds, until it is told to stop.
async fn events() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let numbers = stream::unfold(0_u64, |number| async move {
        time::sleep(Duration::from_millis(50)).await;
        let data =
            json!({ "number": number, "version": text("VERSION"), "container": container() });
        Some((Ok(Event::default().data(data.to_string())), number + 1))
    });
    Sse::new(numbers.take_until(stopping())).keep_alive(KeepAlive::default())
}

/// Says who answers, then repeats what it hears, until it is told to stop.
async fn socket(upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(async |mut socket: WebSocket| {
        let hello = json!({ "version": text("VERSION"), "container": container() });
        let mut sent = socket.send(hello.to_string().into()).await;
        let mut stopping = pin!(stopping());
        while sent.is_ok() {
            let heard = tokio::select! {
                heard = socket.recv() => heard,
                () = &mut stopping => Some(Ok(Message::Close(None))),
            };
            match heard {
                Some(Ok(Message::Close(_))) => {
                    let _ = socket.send(Message::Close(None)).await;
                    return;
                }
                Some(Ok(message)) => sent = socket.send(message).await,
                Some(Err(_)) | None => return,
            }
        }
    })
}

async fn stopping() {
    let _ = STOPPING.subscribe().wait_for(|stopping| *stopping).await;
}

async fn stopped() {
    if let Ok(mut signals) = signal(SignalKind::terminate()) {
        signals.recv().await;
        STOPPING.send_replace(true);
        time::sleep(milliseconds("STOP_AFTER")).await;
    }
}

async fn crash() {
    match milliseconds("CRASH_AFTER") {
        Duration::ZERO => std::future::pending().await,
        after => time::sleep(after).await,
    }
}

/// What a health check of a container calls.
async fn check() -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port())).await?;
    stream.write_all(b"GET /health HTTP/1.0\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    answer
        .contains(" 200 ")
        .then_some(())
        .context("not healthy")
}

fn text(name: &str) -> String {
    env::var(name).unwrap_or_default()
}

fn milliseconds(name: &str) -> Duration {
    Duration::from_millis(text(name).parse().unwrap_or_default())
}

fn port() -> u16 {
    text("PORT").parse().unwrap_or(80)
}

/// The container's host name, which is the start of its id unless the Compose file says otherwise.
fn container() -> String {
    let name = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    name.trim().to_owned()
}
