//! The calls of an executor that performs operations on playgrounds.

use http::Method;

use super::{Client, Error, jobs::encode};
use crate::executors::operations::{
    Generated, KeepGenerated, PlacedPlaygrounds, ReportOutcome, ReportPlaygrounds,
};

impl Client {
    /// Stores values that were generated for the playground of an operation; answers all that it has.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`.
    pub async fn keep_generated(
        &self,
        run: &str,
        values: &KeepGenerated,
    ) -> Result<Generated, Error> {
        let path = format!("/api/runs/{}/generated", encode(run));
        self.answered(Method::POST, &path, values).await
    }

    /// Stores what an operation left, in place of what was stored before.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`. On [`Error::Unreachable`] it may or may not be on disk: send
    /// the same again.
    pub async fn report_outcome(&self, run: &str, outcome: &ReportOutcome) -> Result<(), Error> {
        let path = format!("/api/runs/{}/outcome", encode(run));
        self.json::<_, serde_json::Value>(Method::PUT, &path, outcome)
            .await
            .map(drop)
    }

    /// Says what the executor sees of playgrounds; answers which ones there are.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn report_playgrounds(
        &self,
        executor: &str,
        report: &ReportPlaygrounds,
    ) -> Result<PlacedPlaygrounds, Error> {
        let path = format!("/api/executors/{}/playgrounds", encode(executor));
        self.answered(Method::POST, &path, report).await
    }
}
