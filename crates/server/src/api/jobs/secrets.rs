//! What is secret in a job that is submitted.

use std::collections::BTreeMap;

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
    JobSecrets {
        env_variables: taken_of(job.env_variables.as_mut()),
        binary_headers: taken_of(job.binary_headers.as_mut()),
        ..JobSecrets::default()
    }
}

/// Masks what is secret of some values.
fn taken_of(values: Option<&mut BTreeMap<String, EnvVariable>>) -> BTreeMap<String, String> {
    let mut secrets = BTreeMap::new();
    for (name, value) in values.into_iter().flatten() {
        if let EnvVariable::Secret(SecretVariable { secret }) = value {
            secrets.insert(name.clone(), std::mem::take(secret));
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
