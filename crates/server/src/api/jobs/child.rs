//! Jobs that steps of executions start.

use futures_util::{FutureExt, future::BoxFuture};
use serde_json::{Value, json};
use store::{
    Read,
    runs::{Details, Submission},
};
use wire::{
    executors::{JobOutcome, JobOutput},
    jobs::NewJob,
    text::lossy,
};

use super::{check, secrets};
use crate::{app::App, http::json, refusal::Refusal};

/// Checks what a step wants and makes it a run.
pub(crate) fn submission(
    app: App,
    wanted: Value,
) -> BoxFuture<'static, Result<Submission, Refusal>> {
    let work = async move {
        let job: NewJob = json::parse_field("submission", &wanted)?;
        let checked = vec![check::submission(&app, job)?];
        let mut sealed = secrets::sealed(&app, checked).await?;
        sealed
            .pop()
            .ok_or_else(|| Refusal::internal("a job was lost"))
    };
    work.boxed()
}

/// What a job that has ended left.
pub(crate) fn outcome(read: &mut Read<'_, '_>, details: Details) -> Result<Value, store::Error> {
    let artifacts = store::artifacts::list(read, details.run.id)?.into_iter();
    let outputs = artifacts.map(|artifact| JobOutput {
        name: artifact.name,
        sha256: artifact.blob.sha256,
        size: artifact.blob.size_bytes,
    });
    let left = details.reported_or_lost();
    Ok(json!(JobOutcome {
        exit_code: left.exit_code,
        error: left.error,
        stdout: lossy(left.stdout),
        stderr: lossy(left.stderr),
        outputs: outputs.collect(),
    }))
}
