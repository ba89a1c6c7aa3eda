//! The calls of an executor.

use bytes::Bytes;
use http::{Method, Request, header};

use super::{Client, Error, Payload, jobs::encode, transport::Reply};
use crate::{
    executors::{
        ClaimRuns, ClaimedRuns, FrameOf, LogChunk, ProgressReport, Registration, Renew, Renewed,
        Results, ResultsAnswer,
    },
    jobs::{Beat, Claim, Job, Release},
};

impl Client {
    /// Says what this executor can do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn register(&self, executor: &str, what: &Registration) -> Result<(), Error> {
        let path = format!("/api/v1/executors/{}", encode(executor));
        self.json::<_, serde_json::Value>(Method::PUT, &path, what)
            .await
            .map(drop)
    }

    /// Claims up to `claim.max` jobs; an empty list when none came in time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn claim(&self, claim: &Claim) -> Result<Vec<Job>, Error> {
        let claim = Claim {
            max: Some(claim.max.unwrap_or(1)),
            ..claim.clone()
        };
        let jobs = self
            .json(Method::POST, "/api/v1/jobs/claim", &claim)
            .await?;
        Ok(jobs.unwrap_or_default())
    }

    /// Claims up to `claim.max` runs of several kinds; none when none came in time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn claim_runs(
        &self,
        executor: &str,
        claim: &ClaimRuns,
    ) -> Result<ClaimedRuns, Error> {
        let path = format!("/api/v1/executors/{}/claims", encode(executor));
        let claimed: Option<ClaimedRuns> = self.json(Method::POST, &path, claim).await?;
        Ok(claimed.unwrap_or_default())
    }

    /// Replaces the note of how far a plugin job has come; answers whether it is to be stopped.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`. On [`Error::Unreachable`] it may or may not be on
    /// disk: send the same again.
    pub async fn note_progress(&self, job: &str, report: &ProgressReport) -> Result<Beat, Error> {
        let path = format!("/api/v1/jobs/{}/progress", encode(job));
        Ok(self
            .json(Method::PUT, &path, report)
            .await?
            .unwrap_or_default())
    }

    /// Renews leases and waits for news of them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn renew(&self, executor: &str, renew: &Renew) -> Result<Renewed, Error> {
        let path = format!("/api/v1/executors/{}/leases", encode(executor));
        Ok(self
            .json(Method::POST, &path, renew)
            .await?
            .unwrap_or_default())
    }

    /// Reports the ends of attempts.
    ///
    /// # Errors
    /// See [`Error`]. On [`Error::Unreachable`] they may or may not be on disk: report them again.
    pub async fn report(&self, executor: &str, results: &Results) -> Result<ResultsAnswer, Error> {
        let path = format!("/api/v1/executors/{}/results", encode(executor));
        Ok(self
            .json(Method::POST, &path, results)
            .await?
            .unwrap_or_default())
    }

    /// Gives a run back unfinished; it does not count against the cap.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn release(&self, job: &str, release: &Release) -> Result<(), Error> {
        let path = format!("/api/v1/jobs/{}/release", encode(job));
        self.json::<_, serde_json::Value>(Method::POST, &path, release)
            .await
            .map(drop)
    }

    /// Stores a chunk of output.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`.
    pub async fn send_log(&self, job: &str, chunk: &LogChunk, bytes: Bytes) -> Result<(), Error> {
        let path = format!(
            "/api/v1/jobs/{}/logs?stream={}&offset={}&executor_id={}&lease_token={}",
            encode(job),
            chunk.stream.as_str(),
            chunk.offset,
            encode(&chunk.executor_id),
            chunk.lease_token,
        );
        self.send(Method::POST, &path, Payload::Bytes(bytes))
            .await
            .map(drop)
    }

    /// Shows a picture of what runs to the caller who looks on. `kind` is its content type.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`.
    pub async fn show_frame(
        &self,
        job: &str,
        of: &FrameOf,
        kind: &str,
        image: Bytes,
    ) -> Result<(), Error> {
        let path = format!(
            "/api/v1/jobs/{}/frame?executor_id={}&lease_token={}",
            encode(job),
            encode(&of.executor_id),
            of.lease_token,
        );
        let request = Request::builder()
            .method(Method::PUT)
            .uri(path)
            .header(header::CONTENT_TYPE, kind);
        self.send_with(request, Payload::Bytes(image))
            .await
            .map(drop)
    }

    /// Fetches a path of the server itself, such as an uploaded binary.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn download(&self, path: &str) -> Result<Reply, Error> {
        self.send(Method::GET, path, Payload::empty()).await
    }
}
