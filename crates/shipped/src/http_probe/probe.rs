//! One address: look up, connect, shake hands, ask, read; each with its time.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Serialize;
use tokio::{
    net::{TcpStream, lookup_host},
    time::{Instant, timeout, timeout_at},
};
use url::{Host, Url};

use super::{
    stream::ProbeStream,
    tls::{Certified, Trust},
};

/// How much of a body is read; the rest is not waited for.
const BODY_BYTES: u64 = 1 << 20;

/// How long one of several addresses of a host may take to connect before the next is tried.
const ONE_ADDRESS: Duration = Duration::from_secs(3);

pub(super) struct Probe<'a> {
    pub(super) url: &'a Url,
    pub(super) method: Method,
    pub(super) trust: &'a Trust,
}

/// What was found out, as far as it went. Times are in milliseconds; `total_ms` is from the beginning
/// to the end of the body, the others are parts of it.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
pub(super) struct Probed {
    url: String,
    /// An answer below 400, over a connection that is trusted.
    pub(super) ok: bool,
    status: Option<u16>,
    error: Option<String>,
    /// Where a redirect leads.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    address: Option<SocketAddr>,
    body_bytes: Option<u64>,
    pub(super) tls: Option<Certified>,
    dns_ms: Option<f64>,
    connect_ms: Option<f64>,
    tls_ms: Option<f64>,
    /// From the request to the head of the answer.
    first_byte_ms: Option<f64>,
    pub(super) total_ms: Option<f64>,
}

impl Probe<'_> {
    pub(super) async fn run(self, deadline: Instant) -> Probed {
        let mut probed = Probed {
            url: self.url.to_string(),
            ..Probed::default()
        };
        let began = Instant::now();
        let ended = timeout_at(deadline, self.steps(&mut probed)).await;
        match ended {
            Ok(Ok(())) => probed.total_ms = Some(since(began)),
            Ok(Err(why)) => probed.error = Some(why),
            Err(_) => probed.error = Some(String::from("out of time")),
        }
        probed.ok = probed.error.is_none() && probed.status.is_some_and(|status| status < 400);
        probed
    }

    async fn steps(&self, probed: &mut Probed) -> Result<(), String> {
        let addresses = self.addresses(probed).await?;
        let connection = connect(&addresses, probed).await?;
        let stream = self.secured(connection, probed).await?;
        self.ask(stream, probed).await
    }

    async fn addresses(&self, probed: &mut Probed) -> Result<Vec<SocketAddr>, String> {
        let port = self.url.port_or_known_default().unwrap_or(80);
        let began = Instant::now();
        let name = match self.url.host() {
            Some(Host::Domain(name)) => name,
            Some(Host::Ipv4(address)) => return Ok(vec![(address, port).into()]),
            Some(Host::Ipv6(address)) => return Ok(vec![(address, port).into()]),
            None => return Err(String::from("no host")),
        };
        let found = lookup_host((name, port)).await;
        let found: Vec<SocketAddr> = found.map_err(|error| format!("name: {error}"))?.collect();
        probed.dns_ms = Some(since(began));
        if found.is_empty() {
            return Err(String::from("name: no address"));
        }
        Ok(found)
    }

    async fn secured(&self, stream: TcpStream, probed: &mut Probed) -> Result<ProbeStream, String> {
        if self.url.scheme() != "https" {
            return Ok(ProbeStream::Plain(stream));
        }
        let began = Instant::now();
        let host = match self.url.host() {
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => String::from(self.url.host_str().unwrap_or_default()),
        };
        let (connected, certified) = self.trust.connect(&host, stream).await;
        let problem = certified
            .as_ref()
            .and_then(|certified| certified.problem.clone());
        probed.tls = certified;
        let stream = connected.map_err(|error| format!("TLS: {error}"))?;
        probed.tls_ms = Some(since(began));
        match problem {
            Some(problem) => Err(format!("certificate: {problem}")),
            None => Ok(ProbeStream::Tls(Box::new(stream))),
        }
    }

    async fn ask(&self, stream: ProbeStream, probed: &mut Probed) -> Result<(), String> {
        let shown = |error: hyper::Error| format!("HTTP: {error}");
        let request = self.request()?;
        let began = Instant::now();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(shown)?;
        let exchange = async {
            let answer = sender.send_request(request).await.map_err(shown)?;
            probed.first_byte_ms = Some(since(began));
            probed.status = Some(answer.status().as_u16());
            let location = answer.headers().get(header::LOCATION);
            probed.location =
                location.map(|location| String::from_utf8_lossy(location.as_bytes()).into_owned());
            let mut body = answer.into_body();
            let mut read: u64 = 0;
            while let Some(frame) = body.frame().await {
                let frame = frame.map_err(shown)?;
                read += frame.data_ref().map_or(0, |data| data.len() as u64);
                if read >= BODY_BYTES {
                    break;
                }
            }
            probed.body_bytes = Some(read);
            Ok(())
        };
        tokio::select! {
            biased;
            ended = exchange => ended,
            // It ends first only when the exchange cannot go on.
            ended = stopped(connection) => Err(ended),
        }
    }

    fn request(&self) -> Result<Request<Empty<Bytes>>, String> {
        let host = self.url.host_str().unwrap_or_default();
        let host = match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => String::from(host),
        };
        let path = match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => String::from(self.url.path()),
        };
        Request::builder()
            .method(self.method.clone())
            .uri(path)
            .header(header::HOST, host)
            .header(
                header::USER_AGENT,
                concat!("playhouse-http-probe/", env!("CARGO_PKG_VERSION")),
            )
            .header(header::ACCEPT, "*/*")
            .header(header::CONNECTION, "close")
            .body(Empty::new())
            .map_err(|error| format!("HTTP: {error}"))
    }
}

/// Waits for the end of the connection; one that ended well leaves the last word to the exchange.
async fn stopped(connection: impl Future<Output = hyper::Result<()>>) -> String {
    match connection.await {
        Err(error) => format!("HTTP: {error}"),
        Ok(()) => std::future::pending().await,
    }
}

/// Tries one address after another; the time is that of all tries.
async fn connect(addresses: &[SocketAddr], probed: &mut Probed) -> Result<TcpStream, String> {
    let began = Instant::now();
    let mut why = String::new();
    for (index, address) in addresses.iter().enumerate() {
        let last = index + 1 == addresses.len();
        probed.address = Some(*address);
        let tried = if last {
            TcpStream::connect(address).await
        } else {
            timeout(ONE_ADDRESS, TcpStream::connect(address))
                .await
                .unwrap_or_else(|late| Err(late.into()))
        };
        match tried {
            Ok(stream) => {
                // Requests are one small write: nothing is gained by waiting for more.
                let _ = stream.set_nodelay(true);
                probed.connect_ms = Some(since(began));
                return Ok(stream);
            }
            Err(error) => why = format!("connect: {error}"),
        }
    }
    Err(why)
}

fn since(began: Instant) -> f64 {
    rounded(began.elapsed().as_secs_f64() * 1000.0)
}

/// To microseconds.
pub(super) fn rounded(milliseconds: f64) -> f64 {
    (milliseconds * 1000.0).round() / 1000.0
}
