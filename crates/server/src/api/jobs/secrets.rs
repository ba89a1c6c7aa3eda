//! What is secret in a job that is submitted.

use store::runs::Submission;
use wire::{
    executors::JobSecrets,
    jobs::{EnvVariable, NewJob, SecretVariable},
};

use super::view::MASKED;
use crate::{app::App, refusal::Refusal};

/// A job that may be submitted, and what is secret in it.
pub(super) type Checked = (Submission, JobSecrets);

/// Takes out of a job what nobody is to see who reads it.
pub(super) fn taken(job: &mut NewJob) -> JobSecrets {
    let mut secrets = JobSecrets::default();
    for (name, value) in job.env_variables.iter_mut().flatten() {
        if let EnvVariable::Secret(SecretVariable { secret }) = value {
            let secret = std::mem::take(secret);
            secrets.env_variables.insert(name.clone(), secret);
            *value = EnvVariable::Text(MASKED.to_owned());
        }
    }
    secrets
}

/// Seals what is secret in checked jobs.
pub(super) async fn sealed(app: &App, checked: Vec<Checked>) -> Result<Vec<Submission>, Refusal> {
    if checked.iter().all(|(_, secrets)| secrets.is_empty()) {
        return Ok(checked.into_iter().map(|(job, _)| job).collect());
    }
    let sealer = app.vault.sealer(&app.store).await?;
    let sealed = checked.into_iter().map(|(mut job, secrets)| {
        if !secrets.is_empty() {
            job.input = sealer.seal_input(job.run.id, &job.input, &secrets);
        }
        job
    });
    Ok(sealed.collect())
}
