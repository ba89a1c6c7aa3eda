//! An application as it may stand behind the router.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, atomic::AtomicUsize, atomic::Ordering::SeqCst},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, mpsc},
    time::{interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// A running application. Dropping it cuts its connections, as `kill -9` does.
pub(crate) struct Backend {
    pub(crate) address: SocketAddr,
    pub(crate) app: Arc<App>,
    tasks: TaskTracker,
    stop: CancellationToken,
    cut: CancellationToken,
}

/// What tests see and decide of an application.
pub(crate) struct App {
    name: String,
    /// Connections that were accepted.
    connections: AtomicUsize,
    /// Requests that began.
    pub(crate) requests: AtomicUsize,
    /// Requests and streams whose body was dropped, by the end or because the caller went away.
    pub(crate) ended: AtomicUsize,
    /// Lets requests for `/slow` go on, one for each permit.
    pub(crate) release: Semaphore,
    stop: CancellationToken,
    /// The ends of upgraded connections.
    sockets: TaskTracker,
}

impl Backend {
    pub(crate) async fn start(name: &str) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").await.unwrap(), name)
    }

    pub(crate) fn on(listener: TcpListener, name: &str) -> Self {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let backend = Self {
            address: listener.local_addr().unwrap(),
            app: Arc::new(App {
                name: name.to_owned(),
                connections: AtomicUsize::new(0),
                requests: AtomicUsize::new(0),
                ended: AtomicUsize::new(0),
                release: Semaphore::new(0),
                stop: stop.clone(),
                sockets: tasks.clone(),
            }),
            tasks,
            stop,
            cut: CancellationToken::new(),
        };
        let (app, tasks) = (Arc::clone(&backend.app), backend.tasks.clone());
        let (stop, cut) = (backend.stop.clone(), backend.cut.clone());
        let accept = async move {
            loop {
                let stream = tokio::select! {
                    accepted = listener.accept() => accepted.unwrap().0,
                    () = stop.cancelled() => return,
                    () = cut.cancelled() => return,
                };
                app.connections.fetch_add(1, SeqCst);
                tasks.spawn(serve(stream, Arc::clone(&app), stop.clone(), cut.clone()));
            }
        };
        backend.tasks.spawn(accept);
        backend
    }

    /// How many connections it has accepted.
    pub(crate) fn connections(&self) -> usize {
        self.app.connections.load(SeqCst)
    }

    /// How many requests have reached it.
    pub(crate) fn requests(&self) -> usize {
        self.app.requests.load(SeqCst)
    }

    /// Stops as a good application does on SIGTERM: takes no more, ends its streams, finishes its requests.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        let ended = timeout(Duration::from_secs(10), self.tasks.wait()).await;
        assert!(ended.is_ok(), "{} has connections left", self.app.name);
    }
}

impl Drop for Backend {
    fn drop(&mut self) {
        self.stop.cancel();
        self.cut.cancel();
    }
}

async fn serve(stream: TcpStream, app: Arc<App>, stop: CancellationToken, cut: CancellationToken) {
    stream.set_nodelay(true).unwrap();
    let service = service_fn(move |request| answer(Arc::clone(&app), request));
    let connection = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    tokio::pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        () = cut.cancelled() => return,
        () = stop.cancelled() => connection.as_mut().graceful_shutdown(),
    }
    tokio::select! {
        _ = connection => {}
        () = cut.cancelled() => {}
    }
}

async fn answer(
    app: Arc<App>,
    mut request: Request<Incoming>,
) -> Result<Response<AppBody>, Infallible> {
    app.requests.fetch_add(1, SeqCst);
    let text = |text: String| Response::new(AppBody::new(&app, Full::from(text)));
    Ok(match request.uri().path() {
        "/headers" => text(describe(&request)),
        "/echo" => {
            let trailer = request.headers().get(header::TRAILER).cloned();
            let mut response = Response::new(AppBody::new(&app, request.into_body()));
            if let Some(trailer) = trailer {
                response.headers_mut().insert(header::TRAILER, trailer);
            }
            response
        }
        "/sum" => match request.into_body().collect().await {
            Ok(body) => text(body.to_bytes().len().to_string()),
            Err(error) => text(error.to_string()),
        },
        "/slow" => {
            app.release.acquire().await.unwrap().forget();
            text(app.name.clone())
        }
        "/events" => events(&app),
        "/socket" => socket(&app, &mut request),
        "/full" => {
            let mut response = text("no room".to_owned());
            *response.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
            response
        }
        _ => text(app.name.clone()),
    })
}

fn describe(request: &Request<Incoming>) -> String {
    let mut headers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, value) in request.headers() {
        headers
            .entry(name.as_str())
            .or_default()
            .push(value.to_str().unwrap());
    }
    serde_json::json!({
        "method": request.method().as_str(),
        "target": request.uri().to_string(),
        "headers": headers,
    })
    .to_string()
}

/// An event every 50 ms, until the application stops.
fn events(app: &Arc<App>) -> Response<AppBody> {
    let (sender, receiver) = mpsc::channel(1);
    let stop = app.stop.clone();
    tokio::spawn(async move {
        let mut ticks = interval(Duration::from_millis(50));
        for number in 0.. {
            tokio::select! {
                _ = ticks.tick() => {}
                () = stop.cancelled() => return,
            }
            if sender.send(format!("data: {number}\n\n")).await.is_err() {
                return;
            }
        }
    });
    let mut response = Response::new(AppBody::new(app, Events(receiver)));
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// Echoes bytes until the caller has closed its half, then says goodbye. When the application stops, it says
/// goodbye at once.
fn socket(app: &Arc<App>, request: &mut Request<Incoming>) -> Response<AppBody> {
    let upgrade = hyper::upgrade::on(request);
    let stop = app.stop.clone();
    app.sockets.spawn(async move {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut socket = TokioIo::new(upgrade.await.unwrap());
        let mut buffer = [0; 1024];
        loop {
            let length = tokio::select! {
                read = socket.read(&mut buffer) => read.unwrap_or(0),
                () = stop.cancelled() => 0,
            };
            if length == 0 {
                let _ = socket.write_all(b"goodbye").await;
                let _ = socket.shutdown().await;
                // Closed with something unread, the kernel would take the goodbye back.
                let _ = tokio::io::copy(&mut socket, &mut tokio::io::sink()).await;
                return;
            }
            socket.write_all(&buffer[..length]).await.unwrap();
        }
    });
    let mut response = Response::new(AppBody::new(app, Full::default()));
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("echo"));
    response
}

struct Events(mpsc::Receiver<String>);

impl Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(cx)
            .map(|event| event.map(|event| Ok(Frame::data(event.into()))))
    }
}

type Boxed = http_body_util::combinators::BoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// A body that notes its end.
struct AppBody {
    inner: Boxed,
    app: Arc<App>,
}

impl AppBody {
    fn new<B>(app: &Arc<App>, body: B) -> Self
    where
        B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
        B: Send + Sync + 'static,
    {
        Self {
            inner: body.map_err(Into::into).boxed(),
            app: Arc::clone(app),
        }
    }
}

impl Drop for AppBody {
    fn drop(&mut self) {
        self.app.ended.fetch_add(1, SeqCst);
    }
}

impl Body for AppBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Pin::new(&mut self.inner).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        self.inner.size_hint()
    }
}
