//! The transport over HTTP.

use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, future::BoxFuture};
use http::{HeaderValue, Request, header::AUTHORIZATION};

use super::{ByteStream, Error, Payload, Reply, Transport};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Nothing came for so long: every call that waits is answered, or sends a comment, before this.
const READ_TIMEOUT: Duration = Duration::from_secs(90);

/// HTTP/1.1 to one server, connections kept.
pub struct Http {
    base: String,
    client: reqwest::Client,
    /// Sent with every request, and never printed.
    key: Option<HeaderValue>,
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
        tls_ready();
        let url = reqwest::Url::parse(base_url)
            .map_err(|error| Error::Request(format!("`{base_url}`: {error}")))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Error::Request(format!(
                "`{base_url}` is not an http or https URL"
            )));
        }
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .read_timeout(READ_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()
            .map_err(|error| Error::Request(error.to_string()))?;
        Ok(Self {
            base: url.as_str().trim_end_matches('/').to_owned(),
            client,
            key: None,
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
        let body = match payload {
            Payload::Bytes(bytes) => reqwest::Body::from(bytes),
            Payload::Stream(stream) => reqwest::Body::wrap_stream(stream),
        };
        let mut headers = parts.headers;
        if let Some(key) = &self.key {
            headers.insert(AUTHORIZATION, key.clone());
        }
        let request = self
            .client
            .request(parts.method, format!("{}{}", self.base, parts.uri))
            .headers(headers)
            .body(body);
        Box::pin(async move {
            let answer = request
                .send()
                .await
                .map_err(|error| Error::Unreachable(cause(&error)))?;
            let mut reply = Reply::new(Box::pin(futures_util::stream::empty()) as ByteStream);
            *reply.status_mut() = answer.status();
            *reply.headers_mut() = answer.headers().clone();
            *reply.body_mut() = answer.bytes_stream().map_err(std::io::Error::other).boxed();
            Ok(reply)
        })
    }
}

/// The innermost cause: `reqwest` itself says only that sending failed.
fn cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
