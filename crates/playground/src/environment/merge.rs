//! The documented order: default, global override, service override, system; a later one wins.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::masking::{MASK, is_sensitive, mask};

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EnvSource {
    /// A file of the repository, or a generated secret.
    Default,
    /// What the playground sets, for all services or for one.
    Override,
    /// What Playhouse sets, and `environment` of the Compose file.
    System,
}

/// What is merged, from the lowest to the highest.
#[derive(Clone, Copy, Debug, Default)]
pub struct EnvLayers<'a> {
    /// Of `.env.example`, with its secrets filled in.
    pub defaults: Option<&'a BTreeMap<String, String>>,
    /// `env_overrides` of the playground.
    pub global_overrides: Option<&'a BTreeMap<String, String>>,
    /// `services.{name}.env_vars` of the playground.
    pub service_overrides: Option<&'a BTreeMap<String, String>>,
    /// `environment` of the service in the Compose file.
    pub compose: Option<&'a BTreeMap<String, String>>,
    /// What Playhouse sets, such as `PLAYGROUND_ID`.
    pub system: Option<&'a BTreeMap<String, String>>,
    /// The keys whose values were generated.
    pub generated: &'a [String],
}

/// A value and its source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcedValue {
    /// The value, or the mask.
    pub value: String,
    /// Where it comes from.
    pub source: EnvSource,
}

/// The merged environment of a playground, or of one service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MergedEnvironment {
    /// The variables.
    pub variables: BTreeMap<String, SourcedValue>,
    /// The variables whose value was generated and is used.
    pub generated: BTreeSet<String>,
    /// Overrides that have no effect, because the system sets the key to another value.
    pub ignored_overrides: BTreeSet<String>,
}

/// The body of `env_metadata`: no field is ever null.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvMetadata {
    /// The variables.
    pub merged: BTreeMap<String, String>,
    /// The variables with their sources.
    pub metadata: BTreeMap<String, SourcedValue>,
    /// The variables with the source `system`.
    pub system_keys: Vec<String>,
    /// The variables whose values were generated.
    pub generated_keys: Vec<String>,
}

/// The variables that Playhouse sets in every service.
#[must_use]
pub fn system_variables(playground_id: i64) -> BTreeMap<String, String> {
    BTreeMap::from([("PLAYGROUND_ID".to_owned(), playground_id.to_string())])
}

/// Merges the layers.
#[must_use]
pub fn merge(layers: EnvLayers<'_>) -> MergedEnvironment {
    let order = [
        (layers.defaults, EnvSource::Default),
        (layers.global_overrides, EnvSource::Override),
        (layers.service_overrides, EnvSource::Override),
        (layers.compose, EnvSource::System),
        (layers.system, EnvSource::System),
    ];
    let mut merged = MergedEnvironment::default();
    for (layer, source) in order {
        for (key, value) in layer.into_iter().flatten() {
            let value = SourcedValue {
                value: value.clone(),
                source,
            };
            let before = merged.variables.insert(key.clone(), value.clone());
            let overridden = before.filter(|before| before.source == EnvSource::Override);
            if overridden.is_some_and(|o| source == EnvSource::System && o.value != value.value) {
                merged.ignored_overrides.insert(key.clone());
            }
        }
    }
    let of_defaults = |key: &&String| {
        let used = merged.variables.get(*key);
        used.is_some_and(|used| used.source == EnvSource::Default)
    };
    merged.generated = layers
        .generated
        .iter()
        .filter(of_defaults)
        .cloned()
        .collect();
    merged
}

impl MergedEnvironment {
    /// The variables without their sources.
    #[must_use]
    pub fn values(&self) -> BTreeMap<String, String> {
        let pairs = self.variables.iter();
        pairs
            .map(|(key, sourced)| (key.clone(), sourced.value.clone()))
            .collect()
    }

    /// The values of sensitive and of generated variables: what [`mask`] hides in other texts.
    #[must_use]
    pub fn secret_values(&self) -> BTreeSet<String> {
        let secret = self.variables.iter().filter(|(key, _)| self.is_secret(key));
        secret.map(|(_, sourced)| sourced.value.clone()).collect()
    }

    fn is_secret(&self, key: &str) -> bool {
        is_sensitive(key) || self.generated.contains(key)
    }

    /// What a caller sees: without `reveal`, the values of sensitive and of generated variables are masked, also where
    /// they are parts of other values.
    #[must_use]
    pub fn metadata(&self, reveal: bool) -> EnvMetadata {
        let secrets = self.secret_values();
        let shown = |key: &String, sourced: &SourcedValue| {
            let mut sourced = sourced.clone();
            if !reveal {
                sourced.value = if self.is_secret(key) {
                    MASK.to_owned()
                } else {
                    mask(&sourced.value, &secrets)
                };
            }
            (key.clone(), sourced)
        };
        let metadata: BTreeMap<_, _> = self.variables.iter().map(|(k, v)| shown(k, v)).collect();
        let system = metadata
            .iter()
            .filter(|(_, sourced)| sourced.source == EnvSource::System);
        EnvMetadata {
            system_keys: system.map(|(key, _)| key.clone()).collect(),
            merged: metadata
                .iter()
                .map(|(k, v)| (k.clone(), v.value.clone()))
                .collect(),
            generated_keys: self.generated.iter().cloned().collect(),
            metadata,
        }
    }
}
