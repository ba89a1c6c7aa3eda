//! What is secret about a playground: opened for its operation, and in nothing that the operation says.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use wire::{
    executors::operations::{KeepGenerated, OWN_SECRETS, OperationSecrets},
    playbooks::UseCredential,
};

use super::{context::Operation, error::OperationError};
use crate::{
    attempt::{
        AttemptRunner, Taken,
        progress_reporter::{Halt, wait_after, within},
    },
    backoff::Backoff,
    redactor::Redactor,
};

/// Shorter values stand everywhere: taking them out would hide what is said.
const SHORTEST_SECRET: usize = 6;

/// Opens what a run may open under its lease, however long the server is away.
pub(super) async fn open(
    runner: &AttemptRunner,
    taken: Taken<'_>,
    name: &str,
) -> Result<Map<String, Value>, Halt> {
    let wanted = UseCredential {
        executor: runner.environment.settings.name.clone(),
        token: taken.token,
        name: name.to_owned(),
        step: String::new(),
    };
    let mut backoff = Backoff::default();
    loop {
        match within(runner.client.open_credential(taken.id, &wanted)).await {
            Ok(opened) => return Ok(opened.fields),
            Err(error) => wait_after(&mut backoff, taken, error).await?,
        }
    }
}

/// The secrets of the playground.
pub(super) async fn own(
    runner: &AttemptRunner,
    taken: Taken<'_>,
    redactor: &Redactor,
) -> Result<OperationSecrets, OperationError> {
    let fields = open(runner, taken, OWN_SECRETS).await?;
    let secrets: OperationSecrets =
        serde_json::from_value(Value::Object(fields)).map_err(|error| {
            Halt::Refused(format!(
                "the playground's secrets are not understood: {error}"
            ))
        })?;
    hide(redactor, [&secrets.password])?;
    hide(redactor, secrets.generated.values())?;
    hide(
        redactor,
        secrets.registries.iter().map(|login| &login.secret),
    )?;
    let overrides = secrets.service_env.values().chain([&secrets.env_overrides]);
    for variables in overrides {
        let sensitive = variables
            .iter()
            .filter(|(key, _)| playground::environment::is_sensitive(key));
        hide(redactor, sensitive.map(|(_, value)| value))?;
    }
    Ok(secrets)
}

/// Takes these values out of everything that is said.
pub(super) fn hide<'s>(
    redactor: &Redactor,
    values: impl IntoIterator<Item = &'s String>,
) -> Result<(), Halt> {
    let secrets = values
        .into_iter()
        .map(String::as_str)
        .filter(|value| value.len() >= SHORTEST_SECRET);
    redactor.add(secrets).map_err(|error| {
        Halt::Refused(format!(
            "the playground's secrets cannot be hidden: {error}"
        ))
    })
}

impl Operation<'_> {
    /// Has the server keep values that were drawn; the ones that it has are used.
    pub(super) async fn keep(
        &mut self,
        values: BTreeMap<String, String>,
    ) -> Result<(), OperationError> {
        if values.is_empty() {
            return Ok(());
        }
        let wanted = KeepGenerated {
            executor: self.runner.environment.settings.name.clone(),
            token: self.taken.token,
            values,
        };
        let mut backoff = Backoff::default();
        let kept = loop {
            match within(self.runner.client.keep_generated(self.taken.id, &wanted)).await {
                Ok(kept) => break kept,
                Err(error) => wait_after(&mut backoff, self.taken, error).await?,
            }
        };
        hide(self.printer.redactor(), kept.values.values())?;
        self.secrets.generated = kept.values;
        Ok(())
    }
}
