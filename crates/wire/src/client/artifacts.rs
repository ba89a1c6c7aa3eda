//! The calls about artefacts.

use http::Method;

use super::{Client, Error, Payload, jobs::encode, transport::Reply, whole};
use crate::{artifacts::Artifact, executors::LeaseOf};

impl Client {
    /// Stores an artefact of a run that the caller holds. It may be repeated.
    ///
    /// # Errors
    /// See [`Error`]; a lost lease is a `404`.
    pub async fn put_artifact(
        &self,
        run: &str,
        name: &str,
        of: &LeaseOf,
        bytes: Payload,
    ) -> Result<Artifact, Error> {
        let path = format!(
            "{}?executor={}&token={}",
            path(run, name),
            encode(&of.executor),
            of.token,
        );
        whole(self.send(Method::PUT, &path, bytes).await?).await
    }

    /// All artefacts of a run, by their names.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn artifacts(&self, run: &str) -> Result<Vec<Artifact>, Error> {
        self.fetch(&format!("/api/runs/{}/artifacts", encode(run)))
            .await
    }

    /// One artefact of a run.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn artifact(&self, run: &str, name: &str) -> Result<Reply, Error> {
        self.send(Method::GET, &path(run, name), Payload::empty())
            .await
    }
}

/// The slashes of a name stay: they are those of the path.
fn path(run: &str, name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(encode).collect();
    format!("/api/runs/{}/artifacts/{}", encode(run), parts.join("/"))
}
