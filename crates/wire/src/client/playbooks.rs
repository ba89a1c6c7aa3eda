//! The calls of a client that starts playbooks and watches executions.

use http::Method;
use serde_json::Value;

use super::{Client, Error, jobs::encode};
use crate::playbooks::{
    Execution, NewExecution, PlaybookDetails, PlaybookList, RetryExecution, StartedExecution,
    Steered,
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

    /// The JSON Schema of the language.
    pub async fn playbook_schema(&self) -> Result<Value, Error> {
        self.fetch("/api/playbooks/schema").await
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
}
