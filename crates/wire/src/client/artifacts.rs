//! The calls about artefacts.

use bytes::Bytes;
use http::{Method, StatusCode};

use super::{Client, Error, Payload, jobs::encode, read, transport::Reply, whole};
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
        let path = owned_path(run, name, of);
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

    /// One artefact of a run that the caller holds, if there is one.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn own_artifact(
        &self,
        run: &str,
        name: &str,
        of: &LeaseOf,
    ) -> Result<Option<Bytes>, Error> {
        let path = owned_path(run, name, of);
        match self.send(Method::GET, &path, Payload::empty()).await {
            Ok(reply) => read(reply).await.map(Some),
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn owned_path(run: &str, name: &str, of: &LeaseOf) -> String {
    let (path, executor) = (path(run, name), encode(&of.executor));
    format!("{path}?executor={executor}&token={}", of.token)
}

/// The slashes of a name stay: they are those of the path.
fn path(run: &str, name: &str) -> String {
    let parts: Vec<String> = name.split('/').map(encode).collect();
    format!("/api/runs/{}/artifacts/{}", encode(run), parts.join("/"))
}
