//! The document that `docker compose config --format json` prints. What is not named here is kept as it is.
//!
//! In it every dollar sign stands doubled, because the compose tool reads its own output again.

use std::{collections::BTreeMap, fmt, time::Duration};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    labels::{LabelProblem, ServiceLabels, ServiceShape},
    variables::unescape,
};

/// Keys and values of which only some are looked at.
pub type Properties = Map<String, Value>;

/// A normalised Compose document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComposeDocument {
    /// The project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The services by name.
    #[serde(default)]
    pub services: BTreeMap<String, ComposeService>,
    /// The networks by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, Option<Properties>>,
    /// The volumes by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub volumes: BTreeMap<String, Option<Properties>>,
    /// The configs by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub configs: BTreeMap<String, Option<Properties>>,
    /// The secrets by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, Option<Properties>>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Properties,
}

/// A service of a normalised document.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ComposeService {
    /// The image that is used, or the name of the one that is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How the image is built.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub build: Option<Properties>,
    /// The variables; one without a value would be taken from the environment of the compose tool.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub environment: BTreeMap<String, Option<String>>,
    /// The labels of the container.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Published ports.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<Properties>,
    /// Mounts of every type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub volumes: Vec<Properties>,
    /// The services that have to be there first: `condition`, `required`, `restart`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub depends_on: BTreeMap<String, Properties>,
    /// The networks by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub networks: BTreeMap<String, Option<Properties>>,
    /// `deploy`: replicas, resources, restart policy.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deploy: Option<Properties>,
    /// Everything else.
    #[serde(flatten)]
    pub rest: Properties,
}

/// The document does not have the form that the compose tool gives, or that was generated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError(String);

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the Compose document is not readable: {}", self.0)
    }
}

impl std::error::Error for DocumentError {}

impl ComposeDocument {
    /// Reads what `docker compose config --format json` printed.
    ///
    /// # Errors
    ///
    /// It is not JSON, or not of that form.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        serde_json::from_str(text).map_err(|error| DocumentError(error.to_string()))
    }

    /// Reads a document that was generated, such as the one that is applied.
    ///
    /// # Errors
    ///
    /// It is not YAML, or not of that form.
    pub fn from_yaml(text: &str) -> Result<Self, DocumentError> {
        let value: Value =
            serde_saphyr::from_str(text).map_err(|error| DocumentError(error.to_string()))?;
        serde_json::from_value(value).map_err(|error| DocumentError(error.to_string()))
    }
}

impl ComposeService {
    /// The variables that the document gives a value, as the container would see them.
    #[must_use]
    pub fn static_environment(&self) -> BTreeMap<String, String> {
        let values = self.environment.iter();
        values
            .filter_map(|(key, value)| Some((key.clone(), unescape(value.as_ref()?))))
            .collect()
    }

    /// The labels, as the engine would keep them.
    #[must_use]
    pub fn plain_labels(&self) -> BTreeMap<String, String> {
        let labels = self.labels.iter();
        labels
            .map(|(key, value)| (key.clone(), unescape(value)))
            .collect()
    }

    /// What the labels of the namespace say. `repository` is true when the playspec names one for the service.
    ///
    /// # Errors
    ///
    /// All problems of the labels.
    pub fn settings(&self, repository: bool) -> Result<ServiceLabels, Vec<LabelProblem>> {
        let shape = ServiceShape {
            ports: !self.ports.is_empty(),
            container_name: self.rest.contains_key("container_name"),
            healthcheck: self.rest.contains_key("healthcheck"),
            repository,
        };
        ServiceLabels::parse(&self.plain_labels(), shape)
    }

    /// How many containers it has.
    #[must_use]
    pub fn replicas(&self) -> u64 {
        let of_deploy = self
            .deploy
            .as_ref()
            .and_then(|deploy| deploy.get("replicas"));
        let number = of_deploy.or_else(|| self.rest.get("scale"));
        number.and_then(Value::as_u64).unwrap_or(1)
    }

    /// How long its health check may take until it has decided, by Docker's defaults for what it does not say.
    /// Without a check, nothing.
    #[must_use]
    pub fn health_decides(&self) -> Duration {
        let Some(check) = self.rest.get("healthcheck") else {
            return Duration::ZERO;
        };
        let read = |key: &str, usual: u64| {
            let said = check.get(key).and_then(Value::as_str);
            let said = said.and_then(|text| text.parse::<SignedDuration>().ok());
            let said = said.and_then(|said| Duration::try_from(said).ok());
            said.unwrap_or(Duration::from_secs(usual))
        };
        let retries = check.get("retries").and_then(Value::as_u64).unwrap_or(3);
        let retries = u32::try_from(retries).unwrap_or(u32::MAX);
        let each = read("interval", 30).saturating_add(read("timeout", 30));
        let tries = each.saturating_mul(retries);
        read("start_period", 0).saturating_add(tries)
    }

    /// A text among the keys that are not named.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.rest.get(key).and_then(Value::as_str)
    }
}
