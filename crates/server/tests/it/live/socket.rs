//! A WebSocket as a client uses it, with a deadline instead of a wait; and a server to talk to.

use std::{net::SocketAddr, path::Path, time::Duration};

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use server::{Running, Settings};
use tokio::net::{TcpSocket, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        http::{HeaderName, HeaderValue, Response},
    },
};
use wire::{client::Client, jobs::NewJob};

use crate::{database, stream::DEADLINE, test_server::SHA256};

/// A server on a free port.
pub(super) async fn start(dir: &Path, timeout: Duration) -> (Running, Client) {
    start_with(dir, |settings| settings.reader_timeout = timeout).await
}

pub(super) async fn start_with(dir: &Path, set: impl FnOnce(&mut Settings)) -> (Running, Client) {
    let mut settings = Settings::new(dir.to_owned());
    settings.listen = ([127, 0, 0, 1], 0).into();
    settings.database_url = database::url(&settings.data_dir);
    set(&mut settings);
    let running = server::start(settings).await.expect("the server starts");
    let client = Client::http(running.public_url()).expect("a client");
    (running, client)
}

/// A job whose events are long.
pub(super) fn job() -> NewJob {
    NewJob {
        job_type: "x".repeat(255),
        binary_url: "https://example.com/binary".to_owned(),
        binary_sha256: SHA256.to_owned(),
        priority: "background".to_owned(),
        ..NewJob::default()
    }
}

/// A connection that holds little that is not read.
pub(super) async fn narrow(address: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.set_recv_buffer_size(4_096).expect("a small buffer");
    socket.connect(address).await.expect("a connection")
}

/// An open WebSocket.
pub(super) struct Socket {
    stream: WebSocketStream<TcpStream>,
    /// Protocol pings that came.
    pub(super) pings: usize,
    /// Code and reason of the close that came.
    pub(super) closed: Option<(u16, String)>,
}

/// What a refused opening was answered.
pub(super) type Refused = Response<Option<Vec<u8>>>;

impl Socket {
    pub(super) async fn open(address: SocketAddr, path: &str) -> Self {
        let stream = TcpStream::connect(address).await.expect("a connection");
        Self::over(stream, address, path, &[])
            .await
            .expect("the socket opens")
    }

    /// Opens one over a connection, with further headers.
    pub(super) async fn over(
        stream: TcpStream,
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Refused> {
        let url = format!("ws://{address}{path}");
        let mut request = url.into_client_request().expect("a request");
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a header value");
            let name = HeaderName::from_static(name);
            request.headers_mut().insert(name, value);
        }
        match client_async(request, stream).await {
            Ok((stream, _)) => Ok(Self {
                stream,
                pings: 0,
                closed: None,
            }),
            Err(Error::Http(answer)) => Err(*answer),
            Err(error) => panic!("{error}"),
        }
    }

    pub(super) async fn send(&mut self, text: &str) {
        let sent = self.stream.send(Message::text(text)).await;
        sent.expect("the server takes it");
    }

    /// The next message; `None` at the end.
    pub(super) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(text) = self.hear().await? {
                return serde_json::from_str(&text).expect("JSON");
            }
        }
    }

    /// The next frame: a text, or something else that is noted; `None` at the end.
    async fn hear(&mut self) -> Option<Option<String>> {
        let message = tokio::time::timeout(DEADLINE, self.stream.next())
            .await
            .expect("a message in time")?;
        match message {
            Ok(Message::Text(text)) => return Some(Some(text.as_str().to_owned())),
            Ok(Message::Ping(_)) => self.pings += 1,
            Ok(Message::Close(frame)) => {
                let frame = frame.expect("a reason");
                self.closed = Some((frame.code.into(), frame.reason.as_str().to_owned()));
            }
            Ok(_) => {}
            Err(_) => return None,
        }
        Some(None)
    }

    /// Reads on until so many pings have come.
    pub(super) async fn pinged(&mut self, times: usize) {
        while self.pings < times {
            self.hear().await.expect("it goes on");
        }
    }

    /// The next message that is not only about the place.
    pub(super) async fn said(&mut self) -> Value {
        loop {
            let message = self.next().await.expect("one more message");
            if message["type"] != "position" {
                return message;
            }
        }
    }
}
