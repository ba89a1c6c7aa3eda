//! The environment of a playground and of each of its services, and where its values come from.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    compose::ComposeDocument,
    environment::{EnvLayers, EnvSource, MergedEnvironment, fill_secrets, merge, secret_requests},
    template::{RANDOM_LENGTH, ROOT_DOMAIN, Template},
};
use rand::RngExt;
use wire::executors::operations::{EnvironmentValue, PlaygroundEnvironment};

use super::{context::Operation, error::OperationError};

type Variables = BTreeMap<String, String>;

/// The default values of services, with their secrets filled in.
#[derive(Clone, Debug, Default)]
pub(super) struct DefaultValues {
    /// Of all services together.
    pub(super) all: Variables,
    /// Of single services.
    pub(super) services: BTreeMap<String, Variables>,
    /// The names of those that were generated.
    pub(super) generated: Vec<String>,
}

impl Operation<'_> {
    /// Fills the secrets of default values in. Those that have none yet are drawn, and kept by the server before
    /// they are used.
    pub(super) async fn with_secrets(
        &mut self,
        services: BTreeMap<String, Variables>,
    ) -> Result<DefaultValues, OperationError> {
        let mut all = Variables::new();
        for variables in services.values() {
            for (key, value) in variables {
                all.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        let wrong = |problems: Vec<String>| OperationError::invalid(problems.join("; "));
        // An override needs no secret.
        let mut wanted = all.clone();
        wanted.extend(self.secrets.env_overrides.clone());
        let requests = secret_requests(&wanted, &self.secrets.generated).map_err(wrong)?;
        let drawn = requests
            .into_iter()
            .map(|request| (request.key, hex(request.length)));
        self.keep(drawn.collect()).await?;
        let kept = &self.secrets.generated;
        let missing = |keys: Vec<String>| {
            let keys = keys.join(", ");
            OperationError::invalid(format!(
                "the secrets of these variables could not be kept: {keys}"
            ))
        };
        let mut filled = DefaultValues::default();
        let mut generated = BTreeSet::new();
        for (name, variables) in services {
            let values = fill_secrets(&variables, kept).map_err(missing)?;
            generated.extend(values.generated);
            filled.services.insert(name, values.variables);
        }
        filled.all = fill_secrets(&all, kept).map_err(missing)?.variables;
        filled.generated = generated.into_iter().collect();
        Ok(filled)
    }

    /// Adds the values of the template. Those that are drawn are kept before they are used.
    pub(super) async fn with_template(
        &mut self,
        template: &Template,
        mut defaults: DefaultValues,
    ) -> Result<DefaultValues, OperationError> {
        let problems: Vec<String> = template.problems.iter().map(ToString::to_string).collect();
        if !problems.is_empty() {
            return Err(OperationError::invalid(problems.join("; ")));
        }
        let given = self.secrets.variables.clone();
        let values = template.values(&given);
        let values = values.map_err(|wrong| OperationError::invalid(wrong.join("; ")))?;
        let drawn = template.drawn(&given);
        let missing: Variables = drawn
            .iter()
            .filter(|key| !self.secrets.generated.contains_key(*key))
            .map(|key| (key.clone(), hex(RANDOM_LENGTH)))
            .collect();
        self.keep(missing).await?;
        for key in drawn {
            let value = self.secrets.generated.get(&key).cloned();
            defaults.all.insert(key.clone(), value.unwrap_or_default());
            defaults.generated.push(key);
        }
        if template.root_domain {
            let domain = (ROOT_DOMAIN.to_owned(), self.root_domain());
            defaults.all.extend([domain]);
        }
        defaults.all.extend(values);
        Ok(defaults)
    }

    fn system(&self) -> Variables {
        BTreeMap::from([("PLAYGROUND_ID".to_owned(), self.target().id.to_string())])
    }

    /// The environment of the playground: what stands for variables in its file.
    pub(super) fn environment(&self, defaults: &DefaultValues) -> MergedEnvironment {
        merge(EnvLayers {
            defaults: Some(&defaults.all),
            global_overrides: Some(&self.secrets.env_overrides),
            system: Some(&self.system()),
            generated: &defaults.generated,
            ..EnvLayers::default()
        })
    }

    /// The environment of each service of a document.
    pub(super) fn service_environments(
        &self,
        document: &ComposeDocument,
        defaults: &DefaultValues,
    ) -> BTreeMap<String, MergedEnvironment> {
        let system = self.system();
        let services = document.services.iter();
        let merged = services.map(|(name, service)| {
            let merged = merge(EnvLayers {
                defaults: defaults.services.get(name),
                global_overrides: Some(&self.secrets.env_overrides),
                service_overrides: self.secrets.service_env.get(name),
                compose: Some(&service.static_environment()),
                system: Some(&system),
                generated: &defaults.generated,
            });
            (name.clone(), merged)
        });
        merged.collect()
    }
}

/// The environment as it is reported.
pub(super) fn reported(
    all: &MergedEnvironment,
    services: &BTreeMap<String, MergedEnvironment>,
) -> PlaygroundEnvironment {
    let of_services = services
        .iter()
        .map(|(name, merged)| (name.clone(), reported(merged, &BTreeMap::new())));
    let metadata = all.metadata(true);
    let values = metadata.metadata.into_iter().map(|(key, sourced)| {
        let source = match sourced.source {
            EnvSource::Default => "default",
            EnvSource::Override => "override",
            EnvSource::System => "system",
        };
        let value = EnvironmentValue {
            value: sourced.value,
            source: source.to_owned(),
        };
        (key, value)
    });
    PlaygroundEnvironment {
        metadata: values.collect(),
        merged: metadata.merged,
        system_keys: metadata.system_keys,
        generated_keys: metadata.generated_keys,
        services: of_services.collect(),
    }
}

/// Hexadecimal digits that nobody can guess.
fn hex(length: usize) -> String {
    let mut random = rand::rng();
    let digits = (0..length).map(|_| {
        let digit: u32 = random.random_range(0..16);
        char::from_digit(digit, 16).unwrap_or('0')
    });
    digits.collect()
}
