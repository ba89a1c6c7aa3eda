//! One keep-alive connection to the server.

use std::net::SocketAddr;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{
    HeaderValue, Method, Request, StatusCode,
    header::{CONTENT_TYPE, HOST},
};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{
    bodies::{self, EXECUTOR},
    scan::{Claimed, claimed},
};

/// A connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Result<Self> {
        Self::connect_as(address, &address.to_string()).await
    }

    /// The same, for another host there.
    pub(crate) async fn connect_as(address: SocketAddr, host: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // A broken connection shows in the next call.
        tokio::spawn(connection);
        Ok(Self {
            sender,
            host: HeaderValue::try_from(host)?,
        })
    }

    /// Sends a request, returns status and body.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes)> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.host.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(body))?;
        self.sender.ready().await?;
        let answer = self.sender.send_request(request).await?;
        let status = answer.status();
        Ok((status, answer.into_body().collect().await?.to_bytes()))
    }

    pub(crate) async fn submit(&mut self) -> Result<()> {
        let answer = self
            .call(Method::POST, "/api/v1/jobs", bodies::submit())
            .await?;
        demand(StatusCode::CREATED, &answer).context("submit")
    }

    pub(crate) async fn submit_bulk(&mut self, body: Bytes) -> Result<()> {
        let answer = self.call(Method::POST, "/api/v1/jobs/bulk", body).await?;
        if !answer.0.is_success() {
            bail!("bulk submit: {}", shown(&answer));
        }
        Ok(())
    }

    /// The claimed jobs: none, one or several.
    pub(crate) async fn claim(&mut self, body: Bytes) -> Result<Vec<Claimed>> {
        let answer = self.call(Method::POST, "/api/v1/jobs/claim", body).await?;
        if answer.0 == StatusCode::NO_CONTENT {
            return Ok(Vec::new());
        }
        demand(StatusCode::OK, &answer).context("claim")?;
        Ok(claimed(&answer.1, b"\"lease_token\":"))
    }

    pub(crate) async fn complete(&mut self, job: &Claimed) -> Result<()> {
        let path = format!("/api/v1/jobs/{}/complete", job.id);
        let answer = self.call(Method::PUT, &path, bodies::complete(job)).await?;
        demand(StatusCode::OK, &answer).context("complete")
    }

    /// Reports many results, each of which has to be accepted, and claims up to `max` jobs, or none.
    pub(crate) async fn exchange(&mut self, jobs: &[Claimed], max: usize) -> Result<Vec<Claimed>> {
        let path = format!("/api/executors/{EXECUTOR}/exchange");
        let answer = self
            .call(Method::POST, &path, bodies::exchange(jobs, max))
            .await?;
        demand(StatusCode::OK, &answer).context("exchange")?;
        if memchr::memmem::find(&answer.1, b"\"accepted\":false").is_some() {
            bail!("exchange: some were not accepted: {}", shown(&answer));
        }
        Ok(claimed(&answer.1, b"\"token\":"))
    }
}

fn demand(wanted: StatusCode, answer: &(StatusCode, Bytes)) -> Result<()> {
    if answer.0 != wanted {
        bail!("answered {}", shown(answer));
    }
    Ok(())
}

fn shown((status, body): &(StatusCode, Bytes)) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(500)]);
    format!("{status}: {text}")
}
