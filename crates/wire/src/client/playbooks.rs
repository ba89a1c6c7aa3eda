//! The calls of a client that starts playbooks and watches executions.

use http::{Method, Request, StatusCode, header};
use serde_json::Value;

use super::{Client, Error, Payload, decode, jobs::encode, whole};
use crate::{
    browser::{AcceptBaseline, AcceptedBaseline},
    playbooks::{
        CredentialList, CredentialUses, Execution, NewCredential, NewExecution, PlaybookDetails,
        PlaybookDiff, PlaybookList, RetryExecution, SavedCredential, StartedExecution, Steered,
        UsesQuery, WritePlaybook,
    },
    vault::{RotateVault, RotatedVault},
};

impl Client {
    /// The playbooks of the server's library, and the files that cannot be read.
    pub async fn playbooks(&self) -> Result<PlaybookList, Error> {
        self.fetch("/api/playbooks").await
    }

    /// One playbook.
    pub async fn playbook(&self, path: &str) -> Result<PlaybookDetails, Error> {
        self.fetch(&format!("/api/playbooks/{}", encode(path)))
            .await
    }

    /// Takes a picture that an execution compared as the one that is expected.
    pub async fn accept_baseline(
        &self,
        execution: &str,
        name: &str,
        accept: &AcceptBaseline,
    ) -> Result<AcceptedBaseline, Error> {
        let path = format!(
            "/api/executions/{}/baselines/{}",
            encode(execution),
            encode(name)
        );
        let accepted = self.json(Method::POST, &path, accept).await?;
        accepted.ok_or_else(|| Error::Answer("it is empty".to_owned()))
    }

    /// The JSON Schema of the language.
    pub async fn playbook_schema(&self) -> Result<Value, Error> {
        self.fetch("/api/playbooks/schema").await
    }

    /// What changed from one revision of a playbook to another.
    pub async fn playbook_diff(
        &self,
        path: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<PlaybookDiff, Error> {
        let both = [("from", from), ("to", to)];
        let given = both
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)));
        let given: Vec<_> = given
            .map(|(name, value)| format!("{name}={}", encode(value)))
            .collect();
        let path = format!("/api/playbooks/{}/diff?{}", encode(path), given.join("&"));
        self.fetch(&path).await
    }

    /// Writes a playbook; `replaces` is the revision that is there, or `*`.
    pub async fn put_playbook(
        &self,
        path: &str,
        new: &WritePlaybook,
        replaces: Option<&str>,
    ) -> Result<PlaybookDetails, Error> {
        let body = serde_json::to_vec(new).map_err(|error| Error::Request(error.to_string()))?;
        let mut request = Request::builder()
            .method(Method::PUT)
            .uri(format!("/api/playbooks/{}", encode(path)))
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(revision) = replaces {
            let tag = match revision {
                "*" => revision.to_owned(),
                revision => format!("\"{revision}\""),
            };
            request = request.header(header::IF_MATCH, tag);
        }
        whole(self.send_with(request, Payload::Bytes(body.into())).await?).await
    }

    /// Starts a playbook. With an idempotency key it may be repeated safely for a day.
    pub async fn start_execution(
        &self,
        new: &NewExecution,
        key: Option<&str>,
    ) -> Result<StartedExecution, Error> {
        self.submit_to("/api/executions", new, key).await
    }

    /// Queues an ended execution again.
    pub async fn retry_execution(
        &self,
        id: &str,
        wanted: &RetryExecution,
    ) -> Result<Steered, Error> {
        let path = format!("/api/executions/{}/retry", encode(id));
        self.answered(Method::POST, &path, wanted).await
    }

    /// An execution as it is now.
    pub async fn execution(&self, id: &str) -> Result<Execution, Error> {
        self.fetch(&format!("/api/executions/{}", encode(id))).await
    }

    /// The credentials, by name, without what is secret of them.
    pub async fn credentials(&self) -> Result<CredentialList, Error> {
        self.fetch("/api/credentials").await
    }

    /// Saves a credential: replaces the one of this name, or makes it. Without a password the old one stays.
    ///
    /// # Errors
    /// See [`Error`]; a new one without a password is a `400`.
    pub async fn save_credential(&self, new: &NewCredential) -> Result<SavedCredential, Error> {
        let path = format!("/api/credentials/{}", encode(&new.name));
        match self.answered(Method::PUT, &path, new).await {
            Err(error) if error.status() == Some(StatusCode::NOT_FOUND) => {
                self.answered(Method::POST, "/api/credentials", new).await
            }
            saved => saved,
        }
    }

    /// Deletes a credential.
    pub async fn delete_credential(&self, name: &str) -> Result<SavedCredential, Error> {
        let path = format!("/api/credentials/{}", encode(name));
        let deleted = self.send(Method::DELETE, &path, Payload::empty()).await?;
        let deleted = decode(deleted).await?;
        deleted.ok_or_else(|| Error::Answer("an empty answer".to_owned()))
    }

    /// Who used a credential for what, newest first.
    pub async fn credential_uses(
        &self,
        name: &str,
        query: &UsesQuery,
    ) -> Result<CredentialUses, Error> {
        let mut path = format!("/api/credentials/{}/uses?", encode(name));
        for (name, value) in [("limit", query.limit), ("before", query.before)] {
            if let Some(value) = value {
                path.push_str(&format!("{name}={value}&"));
            }
        }
        self.fetch(path.trim_end_matches(['?', '&'])).await
    }

    /// Replaces the master key of the vault.
    pub async fn rotate_vault(&self, wanted: &RotateVault) -> Result<RotatedVault, Error> {
        self.answered(Method::POST, "/api/vault/rotate", wanted)
            .await
    }
}
