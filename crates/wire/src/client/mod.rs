//! A typed client of the server, over HTTP or in process.

mod approvals;
mod artifacts;
mod audit;
mod error;
mod events;
mod executor;
mod hooks;
mod http;
mod jobs;
mod keys;
mod operations;
mod playbooks;
mod playgrounds;
mod plugin_jobs;
mod proxy;
mod runs;
mod schedules;
mod sse;
mod transport;

use std::sync::Arc;

use ::http::{Method, Request, header};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::{Serialize, de::DeserializeOwned};

pub use error::Error;
pub use events::{EventFilter, EventMessage};
pub use http::{Http, plain, tls_ready};
pub use jobs::{JobFilter, LogMessage};
pub use plugin_jobs::PluginJobFilter;
pub use transport::{ByteStream, Payload, Reply, Transport};

/// The longest answer that is read into memory (a claim of many jobs is the largest).
const ANSWER_LIMIT_BYTES: usize = 256 << 20;

/// A client of one server. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    transport: Arc<dyn Transport>,
}

impl Client {
    /// A client over the given transport.
    pub fn new(transport: impl Transport) -> Self {
        Self {
            transport: Arc::new(transport),
        }
    }

    /// A client over HTTP.
    ///
    /// # Errors
    /// When `base_url` is not an http or https URL.
    pub fn http(base_url: &str) -> Result<Self, Error> {
        Ok(Self::new(Http::new(base_url)?))
    }

    /// A client over HTTP that shows a key.
    ///
    /// # Errors
    /// When `base_url` is not an http or https URL, or the key cannot be one.
    pub fn with_key(base_url: &str, key: &str) -> Result<Self, Error> {
        Ok(Self::new(Http::new(base_url)?.with_key(key)?))
    }

    /// Sends one request; an answer that is not 2xx becomes [`Error::Status`].
    async fn send(&self, method: Method, path: &str, body: Payload) -> Result<Reply, Error> {
        self.send_with(Request::builder().method(method).uri(path), body)
            .await
    }

    async fn send_with(
        &self,
        request: ::http::request::Builder,
        body: Payload,
    ) -> Result<Reply, Error> {
        let request = request
            .body(body)
            .map_err(|error| Error::Request(error.to_string()))?;
        let reply = self.transport.send(request).await?;
        if reply.status().is_success() {
            return Ok(reply);
        }
        let status = reply.status();
        Err(Error::from_status(status, &read(reply).await?))
    }

    /// Sends `body` as JSON. The answer of a `204` is `None`.
    async fn json<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<Option<A>, Error> {
        let bytes = serde_json::to_vec(body).map_err(|error| Error::Request(error.to_string()))?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json");
        decode(
            self.send_with(request, Payload::Bytes(bytes.into()))
                .await?,
        )
        .await
    }

    /// The same, of a call that answers with a body.
    async fn answered<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &B,
    ) -> Result<A, Error> {
        let answer = self.json(method, path, body).await?;
        answer.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    async fn fetch<A: DeserializeOwned>(&self, path: &str) -> Result<A, Error> {
        whole(self.send(Method::GET, path, Payload::empty()).await?).await
    }

    /// Asks for something that needs no body.
    async fn ask<A: DeserializeOwned>(&self, path: &str) -> Result<A, Error> {
        whole(self.send(Method::POST, path, Payload::empty()).await?).await
    }

    /// Submits `body` as JSON. With an idempotency key that may be repeated safely for a day.
    async fn submit_to<B: Serialize + Sync, A: DeserializeOwned>(
        &self,
        path: &str,
        body: &B,
        key: Option<&str>,
    ) -> Result<A, Error> {
        let body = serde_json::to_vec(body).map_err(|error| Error::Request(error.to_string()))?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        whole(self.send_with(request, Payload::Bytes(body.into())).await?).await
    }
}

/// The body of an answer that has one.
async fn whole<A: DeserializeOwned>(reply: Reply) -> Result<A, Error> {
    let body = decode(reply).await?;
    body.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
}

async fn decode<A: DeserializeOwned>(reply: Reply) -> Result<Option<A>, Error> {
    if reply.status() == ::http::StatusCode::NO_CONTENT {
        return Ok(None);
    }
    let body = read(reply).await?;
    serde_json::from_slice(&body)
        .map(Some)
        .map_err(|error| Error::Answer(error.to_string()))
}

async fn read(reply: Reply) -> Result<Bytes, Error> {
    let mut body = reply.into_body();
    let mut all = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| Error::Unreachable(error.to_string()))?;
        if all.len() + chunk.len() > ANSWER_LIMIT_BYTES {
            return Err(Error::Answer("the answer is too large".to_owned()));
        }
        all.extend_from_slice(&chunk);
    }
    Ok(all.into())
}
