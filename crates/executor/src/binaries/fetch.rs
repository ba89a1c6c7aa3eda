//! One download: bounded in size, time and redirects, hashed while it comes in.

use std::{
    io,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use reqwest::{
    Response, StatusCode, Url,
    header::{CONTENT_LENGTH, HeaderMap, RETRY_AFTER},
    redirect::Policy,
};
use tokio::time::{sleep, timeout};
use wire::client::Client;

use super::{Digest, DownloadSource, Error, FetchLimits, download::Download, web};
use crate::{addresses::Refused, backoff::Backoff};

/// Where servers have uploaded programs.
const UPLOADED: &str = "/api/v1/binaries/";

/// How long a server is believed that says when to come again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A program as it comes in; an error says why it broke off.
type Pieces = BoxStream<'static, Result<Bytes, String>>;

/// An answer that brings a program, or the rest of one.
struct Answered {
    status: StatusCode,
    headers: HeaderMap,
    pieces: Pieces,
    /// What it is when it breaks off on its way.
    broken: fn(String) -> FetchFailure,
}

/// Why one try failed.
pub(super) enum FetchFailure {
    /// No other try would end otherwise.
    Final(Error),
    /// The executor's own server is away.
    Away(String),
    /// It may pass, after so long if the server said it.
    Passing(String, Option<Duration>),
}

impl From<Error> for FetchFailure {
    fn from(error: Error) -> Self {
        Self::Final(error)
    }
}

/// Downloads programs.
pub(super) struct Fetcher {
    pub(super) client: reqwest::Client,
    pub(super) limits: FetchLimits,
    /// The executor's own server.
    server: OnceLock<Client>,
}

impl Fetcher {
    pub(super) fn new(limits: FetchLimits) -> Result<Self, Error> {
        wire::client::tls_ready();
        let client = reqwest::Client::builder()
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .user_agent(concat!("playhouse/", env!("CARGO_PKG_VERSION")))
            // They are followed one by one: what is for one server is not told to the next.
            .redirect(Policy::none())
            .referer(false)
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
    pub(super) fn shown_failure(&self, why: String) -> String {
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

    /// Writes what the source has into the file `path`, down to the disk, and says what it is.
    ///
    /// The executor's own server may be started again meanwhile: it is asked until it answers. Another one is asked
    /// again a few times.
    pub(super) async fn fetch(
        &self,
        source: &DownloadSource,
        path: &Path,
    ) -> Result<(Digest, u64), Error> {
        let mut last = Error::Fetch("timed out".to_owned());
        let tries = async {
            let (mut backoff, mut failures) = (Backoff::default(), 0);
            let mut download = Download::create(path).await?;
            loop {
                match self.fetch_once(source, &mut download).await {
                    Ok(()) => return download.finish().await,
                    Err(FetchFailure::Final(error)) => return Err(error),
                    Err(FetchFailure::Away(why)) => {
                        last = Error::Away(why);
                        if backoff.lasts() >= self.limits.timeout {
                            return Err(last.clone());
                        }
                        if backoff.is_first() {
                            tracing::warn!(error = %last, "a program has to wait for the server");
                        }
                        backoff.wait().await;
                    }
                    Err(FetchFailure::Passing(why, after)) => {
                        failures += 1;
                        tracing::info!(why, failures, "a download failed");
                        last = match failures {
                            1 => Error::Unreachable(why),
                            _ => Error::Unreachable(format!("{why} (tried {failures} times)")),
                        };
                        if failures >= self.limits.tries {
                            return Err(last.clone());
                        }
                        match after {
                            Some(after) => sleep(after.min(LONGEST_WAIT)).await,
                            None => backoff.wait().await,
                        }
                    }
                }
            }
        };
        match timeout(self.limits.total, tries).await {
            Ok(fetched) => fetched,
            Err(_) => Err(last),
        }
    }

    async fn fetch_once(
        &self,
        source: &DownloadSource,
        download: &mut Download,
    ) -> Result<(), FetchFailure> {
        let invalid = |why| FetchFailure::Final(Error::Invalid(why));
        let url = Url::parse(&source.url);
        let url = url.map_err(|error| invalid(format!("`{}`: {error}", source.url)))?;
        if !web::is_web(&url) {
            return Err(invalid(format!("`{url}` is not an http or https URL")));
        }
        let mut answered = match self.ask_server(&url).await? {
            Some(answered) => answered,
            None => {
                let answer = self.ask_web(url, &source.headers, download.rest()).await?;
                if answer.status() == StatusCode::RANGE_NOT_SATISFIABLE {
                    // Everything came, and the end was cut; or it is another content by now.
                    download.restart().await?;
                    let why = format!("the server answered {}", answer.status());
                    return Err(FetchFailure::Passing(why, None));
                }
                self.answered(answer)?
            }
        };
        let began = download.begin(answered.status, &answered.headers).await;
        began?;
        let late = |_| (answered.broken)("timed out".to_owned());
        while let Some(piece) = timeout(self.limits.read, answered.pieces.next())
            .await
            .map_err(late)?
        {
            let piece = piece.map_err(answered.broken)?;
            self.check_size(download.size_bytes() + piece.len() as u64)?;
            download.add(&piece).await?;
        }
        Ok(())
    }

    /// The answer of a URL, if it is a good one.
    fn answered(&self, answer: Response) -> Result<Answered, FetchFailure> {
        let status = answer.status();
        if !status.is_success() {
            let why = format!("the server answered {status}");
            if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
                let after = answer.headers().get(RETRY_AFTER);
                let after = after.and_then(|after| after.to_str().ok()?.trim().parse().ok());
                return Err(FetchFailure::Passing(why, after.map(Duration::from_secs)));
            }
            return Err(Error::Fetch(why).into());
        }
        self.check_size(answer.content_length().unwrap_or(0))?;
        Ok(Answered {
            status,
            headers: answer.headers().clone(),
            pieces: answer
                .bytes_stream()
                .map_err(|error| reason(&error))
                .boxed(),
            broken: |why| FetchFailure::Passing(why, None),
        })
    }

    /// The program that the executor's own server has under the path of `url`, whatever name the URL
    /// gives the server: the hash decides whether it is the right one. No other server gets the key.
    async fn ask_server(&self, url: &Url) -> Result<Option<Answered>, FetchFailure> {
        let (Some(server), true) = (self.server.get(), url.path().starts_with(UPLOADED)) else {
            return Ok(None);
        };
        let late = |_| FetchFailure::Away("timed out".to_owned());
        let answer = timeout(self.limits.read, server.download(url.path())).await;
        let answer = match answer.map_err(late)? {
            Ok(answer) => answer,
            Err(error) if error.is_transient() => {
                return Err(FetchFailure::Away(error.to_string()));
            }
            Err(error) => {
                tracing::debug!(%error, "the server does not have the program");
                return Ok(None);
            }
        };
        let length = answer.headers().get(CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
        self.check_size(length.unwrap_or(0))?;
        let (parts, body) = answer.into_parts();
        Ok(Some(Answered {
            status: parts.status,
            headers: parts.headers,
            pieces: body.map_err(|error| error.to_string()).boxed(),
            broken: FetchFailure::Away,
        }))
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

#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that `map_err` wants"
)]
pub(super) fn disk(error: io::Error) -> Error {
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
        wire::client::plain(cause.to_string())
    }
}
