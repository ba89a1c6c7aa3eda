//! The transport over HTTP.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt, TryStreamExt, future::BoxFuture};
use http::{HeaderValue, Request, header::AUTHORIZATION};
use tokio::time::{Instant, sleep_until};

use super::{
    ByteStream, Error, Payload, Reply, Transport,
    proxy::{self, Proxy},
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Nothing moved for so long: every call that waits is answered, or sends a comment, before this.
const QUIET_LIMIT: Duration = Duration::from_secs(90);

/// HTTP/1.1 to one server, connections kept.
pub struct Http {
    base: String,
    client: reqwest::Client,
    /// For bodies that may take long on their way: that is no reason to give up.
    patient: reqwest::Client,
    quiet_limit: Duration,
    /// Sent with every request, and never printed.
    key: Option<HeaderValue>,
    /// What stands between this machine and the server.
    proxy: Option<Proxy>,
}

/// Makes the TLS library ready; called by everything that builds an HTTP client. Repeating it does
/// nothing.
pub fn tls_ready() {
    // An error means that a provider is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

impl Http {
    /// A transport to the server at `base_url`, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// When the URL is not an http or https URL.
    pub fn new(base_url: &str) -> Result<Self, Error> {
        Self::with_quiet_limit(base_url, QUIET_LIMIT)
    }

    fn with_quiet_limit(base_url: &str, quiet_limit: Duration) -> Result<Self, Error> {
        tls_ready();
        let url = reqwest::Url::parse(base_url)
            .map_err(|error| Error::Request(format!("`{base_url}`: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Request(format!(
                "`{base_url}` is not an http or https URL"
            )));
        }
        let proxy = Proxy::of(&url);
        let builder = || {
            let builder = reqwest::Client::builder()
                .connect_timeout(CONNECT_TIMEOUT)
                .redirect(reqwest::redirect::Policy::none())
                .tcp_nodelay(true);
            proxy::set(builder, proxy.as_ref())
        };
        let built = |builder: reqwest::ClientBuilder| {
            builder
                .build()
                .map_err(|error| Error::Request(error.to_string()))
        };
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            // It counts from the beginning of the request.
            client: built(builder().read_timeout(quiet_limit))?,
            patient: built(builder())?,
            quiet_limit,
            key: None,
            proxy,
        })
    }

    /// The same, showing this key.
    ///
    /// # Errors
    /// When it cannot be a key.
    pub fn with_key(self, key: &str) -> Result<Self, Error> {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}"))
            .map_err(|_| Error::Request("the key has characters that no key has".to_owned()))?;
        value.set_sensitive(true);
        let key = Some(value);
        Ok(Self { key, ..self })
    }
}

impl Transport for Http {
    fn send(&self, request: Request<Payload>) -> BoxFuture<'static, Result<Reply, Error>> {
        let (parts, payload) = request.into_parts();
        let moved = Moved::now();
        let (client, body) = match payload {
            Payload::Bytes(bytes) => (&self.client, reqwest::Body::from(bytes)),
            Payload::Stream(stream) => {
                let moved = moved.clone();
                let told = stream.inspect(move |_| moved.again());
                (&self.patient, reqwest::Body::wrap_stream(told))
            }
        };
        let mut headers = parts.headers;
        if let Some(key) = &self.key {
            headers.insert(AUTHORIZATION, key.clone());
        }
        let request = client
            .request(parts.method, format!("{}{}", self.base, parts.uri))
            .headers(headers)
            .body(body);
        let (quiet_limit, proxy) = (self.quiet_limit, self.proxy.clone());
        Box::pin(async move {
            let answer = tokio::select! {
                answer = request.send() => answer.map_err(|error| {
                    let why = cause(&error);
                    Error::Unreachable(proxy.map_or(why.clone(), |proxy| proxy.tell(&why)))
                })?,
                () = moved.quiet_for(quiet_limit) => {
                    let reason = format!("nothing moved for {} s", quiet_limit.as_secs());
                    return Err(Error::Unreachable(reason));
                }
            };
            let mut reply = Reply::new(Box::pin(futures_util::stream::empty()) as ByteStream);
            *reply.status_mut() = answer.status();
            *reply.headers_mut() = answer.headers().clone();
            *reply.body_mut() = answer.bytes_stream().map_err(std::io::Error::other).boxed();
            Ok(reply)
        })
    }
}

/// When something of a request's body was last taken.
#[derive(Clone)]
struct Moved(Arc<Mutex<Instant>>);

impl Moved {
    fn now() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    fn again(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    async fn quiet_for(&self, limit: Duration) {
        loop {
            let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if last.elapsed() >= limit {
                return;
            }
            sleep_until(last + limit).await;
        }
    }
}

/// The innermost cause: `reqwest` itself says only that sending failed.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    plain(cause.to_string())
}

/// What the TLS library says of an answer that is none, in words.
#[must_use]
pub fn plain(cause: String) -> String {
    match cause.contains("InvalidContentType") {
        true => "the server speaks plain HTTP there, not TLS: use http:// in its address, or its TLS port".to_owned(),
        false => cause,
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io::{Read, Write},
        net::TcpListener,
        thread,
    };

    use bytes::Bytes;
    use futures_util::stream;

    use super::*;

    const LIMIT: Duration = Duration::from_millis(600);

    /// A server that reads a request until its body has ended, and answers it.
    fn reads_everything() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        thread::spawn(move || {
            let (mut connection, _) = listener.accept().expect("a connection");
            let mut read = Vec::new();
            while !read.ends_with(b"\r\n0\r\n\r\n") {
                let mut some = [0; 1024];
                match connection.read(&mut some) {
                    Ok(0) | Err(_) => return,
                    Ok(count) => read.extend_from_slice(&some[..count]),
                }
            }
            let _ = connection.write_all(b"HTTP/1.1 204 No Content\r\n\r\n");
        });
        format!("http://{address}")
    }

    /// Sends pieces with these pauses before each.
    async fn upload(pauses_ms: &[u64]) -> Result<Reply, Error> {
        let http = Http::with_quiet_limit(&reads_everything(), LIMIT).expect("a transport");
        let pauses: Vec<u64> = pauses_ms.to_vec();
        let pieces = stream::iter(pauses).then(async |pause| {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            Ok(Bytes::from_static(b"piece"))
        });
        let request = Request::post("/").body(Payload::Stream(Box::pin(pieces)));
        http.send(request.expect("a request")).await
    }

    #[tokio::test]
    async fn an_upload_may_take_long_and_not_stand_still() {
        let long = upload(&[200; 8]).await.expect("it is answered");
        assert_eq!(long.status(), 204);
        let still = upload(&[200, 60_000]).await.err().expect("it is given up");
        assert!(matches!(still, Error::Unreachable(_)), "{still}");
    }
}
