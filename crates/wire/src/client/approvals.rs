//! The calls of a caller who answers approvals.

use http::Method;

use super::{
    Client, Error,
    jobs::{encode, query},
};
use crate::approvals::{AnswerApproval, Approval, ApprovalQuery};

impl Client {
    /// Open approvals, newest first.
    pub async fn approvals(&self, asked: &ApprovalQuery) -> Result<Vec<Approval>, Error> {
        self.fetch(&query("/api/approvals", &asked.parameters()))
            .await
    }

    /// One approval.
    pub async fn approval(&self, id: &str) -> Result<Approval, Error> {
        self.fetch(&path(id)).await
    }

    /// Answers an approval.
    pub async fn answer_approval(
        &self,
        id: &str,
        answer: &AnswerApproval,
    ) -> Result<Approval, Error> {
        self.answered(Method::POST, &path(id), answer).await
    }
}

fn path(id: &str) -> String {
    format!("/api/approvals/{}", encode(id))
}
