//! One download: bounded in size, time and redirects, hashed while it comes in.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use futures_util::StreamExt;
use reqwest::{Url, redirect::Policy};
use sha2::{Digest as _, Sha256};
use tokio::{fs::File, io::AsyncWriteExt};

use super::{Digest, Error};

/// Bounds of one download.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimits {
    /// The largest program.
    pub size_bytes: u64,
    /// To reach the server.
    pub connect: Duration,
    /// Between two pieces.
    pub read: Duration,
    /// From the first to the last byte.
    pub total: Duration,
    /// Redirects that are followed.
    pub redirects: usize,
}

impl FetchLimits {
    /// The defaults, with the largest size given.
    #[must_use]
    pub fn new(size_bytes: u64) -> Self {
        Self {
            size_bytes,
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            total: Duration::from_secs(3600),
            redirects: 5,
        }
    }
}

/// Downloads programs.
pub(super) struct Fetcher {
    client: reqwest::Client,
    limits: FetchLimits,
}

impl Fetcher {
    pub(super) fn new(limits: FetchLimits) -> Result<Self, Error> {
        wire::client::tls_ready();
        let redirects = limits.redirects;
        let policy = Policy::custom(move |attempt| {
            if attempt.previous().len() > redirects {
                attempt.error(format!("more than {redirects} redirects"))
            } else if is_web(attempt.url()) {
                attempt.follow()
            } else {
                attempt.error("redirected to something that is not http or https")
            }
        });
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .timeout(limits.total)
            .redirect(policy)
            .build()
            .map_err(|error| Error::Fetch(reason(&error)))?;
        Ok(Self { client, limits })
    }

    /// Writes what `url` has into the new file `path`, down to the disk, and says what it is.
    pub(super) async fn fetch(&self, url: &str, path: &Path) -> Result<(Digest, u64), Error> {
        let url = Url::parse(url).map_err(|error| Error::Invalid(format!("`{url}`: {error}")))?;
        if !is_web(&url) {
            return Err(Error::Invalid(format!(
                "`{url}` is not an http or https URL"
            )));
        }
        let answer = self.client.get(url).send().await.map_err(failed)?;
        if answer.status().is_redirection() {
            let reason = "it is redirected to something that is not http or https";
            return Err(Error::Fetch(reason.to_owned()));
        }
        if !answer.status().is_success() {
            return Err(Error::Fetch(format!(
                "the server answered {}",
                answer.status()
            )));
        }
        self.check_size(answer.content_length().unwrap_or(0))?;
        let mut file = File::create_new(path).await.map_err(disk)?;
        let mut hash = Sha256::new();
        let mut size = 0;
        let mut body = answer.bytes_stream();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(failed)?;
            size += piece.len() as u64;
            self.check_size(size)?;
            hash.update(&piece);
            file.write_all(&piece).await.map_err(disk)?;
        }
        // `sync_all` waits for the last write but does not tell how it ended.
        file.flush().await.map_err(disk)?;
        file.sync_all().await.map_err(disk)?;
        // Closed here and now: a program that is open for writing cannot be run.
        drop(file.into_std().await);
        Ok((Digest::of(hash), size))
    }

    fn check_size(&self, size: u64) -> Result<(), Error> {
        if size > self.limits.size_bytes {
            let limit = self.limits.size_bytes;
            return Err(Error::Fetch(format!(
                "it is larger than the limit of {limit} bytes"
            )));
        }
        Ok(())
    }
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
fn failed(error: reqwest::Error) -> Error {
    Error::Fetch(reason(&error))
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
fn disk(error: io::Error) -> Error {
    Error::Cache(error.to_string())
}

/// The innermost cause: `reqwest` itself says only that something failed. What it says may hold the
/// URL with its password, so the URL is left out.
fn reason(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    if error.is_timeout() {
        format!("timed out ({cause})")
    } else {
        cause.to_string()
    }
}

/// A file that is removed again unless it was renamed; also when the download is given up.
pub(super) struct Incoming(pub(super) PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
