//! What is secret in an execution: the server opens it for a try of a step, which alone has it, and everything
//! that the execution says of it is without it.

use std::collections::{BTreeMap, BTreeSet};

use playbook::{Secrets, StepKey};
use serde_json::{Map, Value};
use wire::playbooks::{OWN_CREDENTIAL, UseCredential};
use zeroize::Zeroize;

use super::call::{Context, Left, StepEnd, StepError};
use crate::{
    attempt::progress_reporter::{wait_after, within},
    backoff::Backoff,
    redactor::Redactor,
};

/// The fields of a credential that are not secret.
const NOT_SECRET: [&str; 4] = ["name", "username", "gateway_url", "description"];

/// The credentials of one try, by their names.
#[derive(Default)]
pub(super) struct TrySecrets(BTreeMap<String, Map<String, Value>>);

impl Secrets for TrySecrets {
    fn credential(&self, name: &str) -> Option<Map<String, Value>> {
        self.0.get(name).cloned()
    }
}

impl Drop for TrySecrets {
    fn drop(&mut self) {
        for value in self.0.values_mut().flat_map(Map::values_mut) {
            if let Value::String(text) = value {
                text.zeroize();
            }
        }
    }
}

impl Context<'_> {
    /// Opens credentials for a step, however long the server is away: the lease ends the wait. They are in
    /// nothing that the execution says from then on.
    pub(super) async fn open(
        &self,
        names: &BTreeSet<String>,
        step: &StepKey,
    ) -> Result<TrySecrets, StepEnd> {
        let mut opened = TrySecrets::default();
        for name in names {
            let fields = self.open_one(name, &step.to_string()).await;
            opened.0.insert(name.clone(), fields?);
        }
        Ok(opened)
    }

    /// Opens what earlier attempts may have opened, so that this one says nothing of it either, and can log in
    /// again where they did.
    pub(super) async fn reopen(&self) {
        let own = self.input.sealed_parameters.is_some();
        let own = own.then(|| OWN_CREDENTIAL.to_owned());
        let mut opened = TrySecrets::default();
        for name in self.input.credentials.iter().cloned().chain(own) {
            // What cannot be opened any more fails the steps that need it.
            if let Ok(fields) = self.open_one(&name, "").await {
                opened.0.insert(name, fields);
            }
        }
        // An attempt begins once.
        let _ = self.reopened.set(opened);
    }

    async fn open_one(&self, name: &str, step: &str) -> Result<Map<String, Value>, StepEnd> {
        let wanted = UseCredential {
            executor: self.runner.environment.settings.name.clone(),
            token: self.taken.token,
            name: name.to_owned(),
            step: step.to_owned(),
        };
        let mut backoff = Backoff::default();
        let failed = |why: String| StepEnd::refused(format!("credential `{name}`: {why}"));
        let fields = loop {
            let opened = within(self.runner.client.open_credential(self.taken.id, &wanted)).await;
            match opened {
                Ok(opened) => break opened.fields,
                Err(error) if error.is_transient() => {
                    // It only waits.
                    let _ = wait_after(&mut backoff, self.taken, error).await;
                }
                // Where the lease is lost, the report of the end is refused.
                Err(error) => return Err(failed(error.to_string())),
            }
        };
        let secret =
            |field: &&String| name == OWN_CREDENTIAL || !NOT_SECRET.contains(&field.as_str());
        let secret = fields.keys().filter(secret);
        let secret = secret.filter_map(|field| fields[field.as_str()].as_str());
        let known = self.redactor.add(secret);
        known.map_err(|error| failed(error.to_string()))?;
        Ok(fields)
    }
}

impl StepEnd {
    /// Without secrets: what a step leaves is kept, shown and handed on.
    pub(super) fn redacted(self, redactor: &Redactor) -> Self {
        let left = |left: Left| Left {
            output: left.output.map(|output| redactor.value(output)),
            set: redactor.map(left.set),
        };
        match self {
            Self::Completed(done) => Self::Completed(left(done)),
            Self::Failed(StepError { message, last }, done) => {
                let message = redactor.text(message);
                Self::Failed(StepError { message, last }, left(done))
            }
            Self::Abandoned(what) => Self::Abandoned(redactor.text(what)),
            Self::Stopped => Self::Stopped,
            Self::Waited => Self::Waited,
        }
    }
}
