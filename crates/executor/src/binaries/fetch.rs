//! One download: bounded in size, time and redirects, hashed while it comes in.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use reqwest::{Url, header::CONTENT_LENGTH, redirect::Policy};
use sha2::{Digest as _, Sha256};
use tokio::{fs::File, io::AsyncWriteExt, time::timeout};
use wire::client::Client;

use super::{Digest, Error};
use crate::{
    addresses::{AddressFilter, Refused},
    backoff::Backoff,
};

/// Bounds of one download.
#[derive(Clone, Debug)]
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
    /// How long the executor's own server may fail to give what was uploaded to it.
    pub timeout: Duration,
    /// From where it may come, if not from the executor's own server.
    pub addresses: AddressFilter,
    /// Whether errors show the hash that came, and where names lead.
    pub tells_hash: bool,
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
            timeout: Duration::from_secs(300),
            addresses: AddressFilter::default(),
            tells_hash: true,
        }
    }
}

/// Where servers have uploaded programs.
const UPLOADED: &str = "/api/v1/binaries/";

/// A program as it comes in; an error says why it broke off.
type Pieces = BoxStream<'static, Result<Bytes, String>>;

/// What it is when a program breaks off on its way.
type Broken = fn(String) -> Error;

/// Downloads programs.
pub(super) struct Fetcher {
    client: reqwest::Client,
    limits: FetchLimits,
    /// The executor's own server.
    server: OnceLock<Client>,
}

impl Fetcher {
    pub(super) fn new(limits: FetchLimits) -> Result<Self, Error> {
        wire::client::tls_ready();
        let (redirects, addresses) = (limits.redirects, limits.addresses.clone());
        let policy = Policy::custom(move |attempt| {
            if attempt.previous().len() > redirects {
                attempt.error(format!("more than {redirects} redirects"))
            } else if !is_web(attempt.url()) {
                attempt.error("redirected to something that is not http or https")
            } else if let Err(refused) = addresses.check(attempt.url()) {
                attempt.error(refused)
            } else {
                attempt.follow()
            }
        });
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .redirect(policy)
            .dns_resolver(Arc::new(limits.addresses.clone()))
            // A proxy would resolve names itself, and reach what nothing checked.
            .no_proxy()
            .build()
            .map_err(|error| Error::Fetch(reason(&error)))?;
        Ok(Self {
            client,
            limits,
            server: OnceLock::new(),
        })
    }

    /// Why it failed. Where a name leads is left out if hashes are.
    fn shown_failure(&self, why: String) -> String {
        if self.limits.tells_hash || !Refused::is_named_in(&why) {
            return why;
        }
        tracing::warn!(why, "a fetch was refused");
        "this executor does not let reach the address; see --allow-fetch".to_owned()
    }

    /// The hash that came in place of another one, if it may be shown.
    pub(super) fn shown_hash(&self, got: Digest) -> Option<Digest> {
        self.limits.tells_hash.then_some(got)
    }

    /// Uploaded programs are asked for there first, with the executor's key.
    pub(super) fn ask_first(&self, server: Client) {
        let _ = self.server.set(server);
    }

    /// Writes what `url` has into the file `path`, down to the disk, and says what it is.
    ///
    /// The executor's own server may be started again meanwhile: it is asked until it answers.
    pub(super) async fn fetch(&self, url: &str, path: &Path) -> Result<(Digest, u64), Error> {
        let mut last = Error::Fetch("timed out".to_owned());
        let tries = async {
            let mut backoff = Backoff::default();
            loop {
                match self.fetch_once(url, path).await {
                    Err(error @ Error::Away(_)) if backoff.lasts() < self.limits.timeout => {
                        if backoff.is_first() {
                            tracing::warn!(%error, "a program has to wait for the server");
                        }
                        last = error;
                        backoff.wait().await;
                    }
                    fetched => return fetched,
                }
            }
        };
        match timeout(self.limits.total, tries).await {
            Ok(fetched) => fetched,
            Err(_) => Err(last),
        }
    }

    async fn fetch_once(&self, url: &str, path: &Path) -> Result<(Digest, u64), Error> {
        let url = Url::parse(url).map_err(|error| Error::Invalid(format!("`{url}`: {error}")))?;
        if !is_web(&url) {
            return Err(Error::Invalid(format!(
                "`{url}` is not an http or https URL"
            )));
        }
        let (mut pieces, broken): (_, Broken) = match self.ask_server(&url).await? {
            Some(pieces) => (pieces, Error::Away),
            None => (self.ask_web(url).await?, Error::Fetch),
        };
        // A try before may have left the beginning.
        let mut file = File::create(path).await.map_err(disk)?;
        let mut hash = Sha256::new();
        let mut size = 0;
        let late = |_| broken("timed out".to_owned());
        while let Some(piece) = timeout(self.limits.read, pieces.next())
            .await
            .map_err(late)?
        {
            let piece = piece.map_err(broken)?;
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

    /// The program that the executor's own server has under the path of `url`, whatever name the URL
    /// gives the server: the hash decides whether it is the right one. No other server gets the key.
    async fn ask_server(&self, url: &Url) -> Result<Option<Pieces>, Error> {
        let (Some(server), true) = (self.server.get(), url.path().starts_with(UPLOADED)) else {
            return Ok(None);
        };
        let late = |_| Error::Away("timed out".to_owned());
        let answer = timeout(self.limits.read, server.download(url.path())).await;
        let answer = match answer.map_err(late)? {
            Ok(answer) => answer,
            Err(error) if error.is_transient() => return Err(Error::Away(error.to_string())),
            Err(error) => {
                tracing::debug!(%error, "the server does not have the program");
                return Ok(None);
            }
        };
        let length = answer.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        self.check_size(length.unwrap_or(0))?;
        let pieces = answer.into_body().map_err(|error| error.to_string());
        Ok(Some(pieces.boxed()))
    }

    /// What the URL has.
    async fn ask_web(&self, url: Url) -> Result<Pieces, Error> {
        let addresses = &self.limits.addresses;
        let checked = addresses.check(&url).map_err(|refused| refused.to_string());
        let answer = match checked {
            Ok(()) => self
                .client
                .get(url)
                .send()
                .await
                .map_err(|error| reason(&error)),
            Err(refused) => Err(refused),
        };
        let answer = answer.map_err(|why| Error::Fetch(self.shown_failure(why)))?;
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
        let pieces = answer.bytes_stream();
        Ok(pieces.map_err(|error| reason(&error)).boxed())
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
fn disk(error: io::Error) -> Error {
    Error::Cache(error.to_string())
}

/// The innermost cause: `reqwest` itself says only that something failed. What it says may hold the
/// URL with its password, so the URL is left out.
pub(crate) fn reason(error: &reqwest::Error) -> String {
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
