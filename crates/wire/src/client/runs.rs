//! The calls of the caller who watches and controls runs of any kind.

use futures_util::Stream;
use http::{Method, header};

use super::{
    Client, Error, LogMessage, Payload, Reply,
    jobs::{encode, query},
    whole,
};
use crate::runs::{RunDetails, RunQuery, RunSummary};

impl Client {
    /// A page of runs, newest first, and the cursor of the next page if there is one.
    pub async fn runs(&self, asked: &RunQuery) -> Result<(Vec<RunSummary>, Option<String>), Error> {
        let path = query("/api/runs", &asked.parameters());
        let reply = self.send(Method::GET, &path, Payload::empty()).await?;
        let next = next_cursor(&reply);
        Ok((whole(reply).await?, next))
    }

    /// A run as it is now.
    pub async fn run(&self, id: &str) -> Result<RunDetails, Error> {
        self.fetch(&path(id)).await
    }

    /// Asks a run to `pause`, `resume`, `skip`, `cancel` or `retry`.
    pub async fn control_run(&self, id: &str, control: &str) -> Result<RunDetails, Error> {
        self.ask(&format!("{}/{control}", path(id))).await
    }

    /// A run's output from the first byte (or after the message `after`), live, until it ends. When the
    /// connection breaks the stream ends with an error: call again with the last id.
    pub async fn follow_run(
        &self,
        id: &str,
        after: Option<&str>,
    ) -> Result<impl Stream<Item = Result<LogMessage, Error>> + Send + use<>, Error> {
        self.follow_output(&path(id), after).await
    }
}

/// The cursor of the next page, if the answer names one.
pub(super) fn next_cursor(reply: &Reply) -> Option<String> {
    let link = reply.headers().get(header::LINK)?.to_str().ok()?;
    let (_, rest) = link.split_once("cursor=")?;
    rest.split(['&', '>']).next().map(str::to_owned)
}

fn path(id: &str) -> String {
    format!("/api/runs/{}", encode(id))
}
