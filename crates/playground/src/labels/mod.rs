//! The labels of the namespace, under the prefixes `playgrounds.` and `fibe.gg/`: what a service of a Compose file
//! says about its source, its route and its rollout.

mod cross;
mod path_rule;
mod read;
mod value;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::suggest::did_you_mean;
pub use path_rule::{PathMatch, PathRule};

/// The prefixes of the namespace. Both mean the same.
pub const PREFIXES: [&str; 2] = ["playgrounds.", "fibe.gg/"];

/// The keys of the namespace, without their prefix.
pub const KEYS: [&str; 21] = [
    "branch",
    "build_args",
    "build_target",
    "dockerfile",
    "env_file",
    "expose",
    "healthcheck_interval",
    "healthcheck_path",
    "healthcheck_retries",
    "healthcheck_start_period",
    "healthcheck_timeout",
    "job_watch",
    "path_rule",
    "port",
    "production",
    "repo_url",
    "source_mount",
    "start_command",
    "subdomain",
    "visibility",
    "zerodowntime",
];

/// Who may open a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Any client that reaches the router.
    #[default]
    External,
    /// Clients with the playground's user and password.
    Internal,
}

/// What the labels of one service say. A key without a label is `None`, `false` or empty; the methods have the
/// documented defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceLabels {
    /// The repository that the service is built from.
    pub repo_url: Option<String>,
    /// The branch of the repository.
    pub branch: Option<String>,
    /// Where the checkout is mounted in the container: an absolute path.
    pub source_mount: Option<String>,
    /// The Dockerfile, relative to the checkout.
    pub dockerfile: Option<String>,
    /// The stage of the Dockerfile.
    pub build_target: Option<String>,
    /// Arguments of the build.
    pub build_args: BTreeMap<String, String>,
    /// The file with default variables, relative to the checkout.
    pub env_file: Option<String>,
    /// What the container runs instead of its command, for a shell.
    pub start_command: Option<String>,
    /// The image is used without a mounted checkout and pinned until the next rollout.
    pub production: bool,
    /// The container's port that is reached through the router. A service without one has no route.
    pub port: Option<u16>,
    /// Who may open the route.
    pub visibility: Visibility,
    /// The subdomain of the route; `@` is the root domain itself.
    pub subdomain: Option<String>,
    /// Which paths the route serves; all without it.
    pub path_rule: Option<PathRule>,
    /// A rollout that cannot replace the service without downtime is refused.
    pub zerodowntime: bool,
    /// The health check made from the `healthcheck_*` keys, when any of them is set.
    pub healthcheck: Option<HealthcheckLabels>,
    /// Whether a job waits for this service to exit; `None` leaves it to the job.
    pub job_watch: Option<bool>,
}

/// The health check that the labels ask for, with the documented defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthcheckLabels {
    /// The path that is requested.
    pub path: String,
    /// Time between two checks, in milliseconds.
    pub interval_ms: u64,
    /// Time that one check may take, in milliseconds.
    pub timeout_ms: u64,
    /// How many failures in a row make the service unhealthy.
    pub retries: u32,
    /// Time in which failures do not count, in milliseconds.
    pub start_period_ms: u64,
}

impl Default for HealthcheckLabels {
    fn default() -> Self {
        Self {
            path: "/up".to_owned(),
            interval_ms: 10_000,
            timeout_ms: 5_000,
            retries: 3,
            start_period_ms: 30_000,
        }
    }
}

impl ServiceLabels {
    /// Where the checkout is mounted: `/app` unless a label says otherwise.
    #[must_use]
    pub fn source_mount(&self) -> &str {
        self.source_mount.as_deref().unwrap_or("/app")
    }

    /// The Dockerfile: `Dockerfile` unless a label says otherwise.
    #[must_use]
    pub fn dockerfile(&self) -> &str {
        self.dockerfile.as_deref().unwrap_or("Dockerfile")
    }

    /// The file with default variables: `.env.example` unless a label says otherwise.
    #[must_use]
    pub fn env_file(&self) -> &str {
        self.env_file.as_deref().unwrap_or(".env.example")
    }

    /// Reads the labels of a service. Labels outside the namespace are ignored.
    ///
    /// # Errors
    ///
    /// All problems at once: unknown keys, values of a wrong form, keys that need or exclude each other.
    pub fn parse(
        labels: &BTreeMap<String, String>,
        shape: ServiceShape,
    ) -> Result<Self, Vec<LabelProblem>> {
        let mut problems = unknown_keys(labels.keys());
        let mut values = BTreeMap::new();
        for (label, value) in labels {
            let Some(key) = key_of(label).filter(|key| KEYS.contains(key)) else {
                continue;
            };
            let before = values.insert(key, (label.as_str(), value.as_str()));
            if let Some((other, _)) = before.filter(|(_, before)| before != value) {
                let message = format!("`{other}` sets the same key to another value; keep one");
                problems.push(LabelProblem::new(label, value, message));
            }
        }
        let read = read::read(&values, &mut problems);
        problems.extend(cross::check(&read, &values, shape));
        if problems.is_empty() {
            Ok(read)
        } else {
            Err(problems)
        }
    }
}

/// What the rules between labels and the rest of the service need to know.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ServiceShape {
    /// The service has `ports`.
    pub ports: bool,
    /// The service has a `container_name`.
    pub container_name: bool,
    /// The service has a `healthcheck`.
    pub healthcheck: bool,
    /// The playspec names a repository for the service.
    pub repository: bool,
}

/// What is wrong with one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelProblem {
    /// The label with its prefix.
    pub label: String,
    /// Its value.
    pub value: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl LabelProblem {
    fn new(label: &str, value: &str, message: impl Into<String>) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            message: message.into(),
        }
    }
}

impl fmt::Display for LabelProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "label `{}: {}`: {}",
            self.label, self.value, self.message
        )
    }
}

/// True for what may stand before the root domain: `@`, or a DNS label in lower case.
#[must_use]
pub fn is_subdomain(text: &str) -> bool {
    value::subdomain(text).is_ok()
}

/// The key of a label of the namespace, without its prefix.
#[must_use]
pub fn key_of(label: &str) -> Option<&str> {
    PREFIXES
        .iter()
        .find_map(|prefix| label.strip_prefix(prefix))
}

/// The labels of the namespace with a key that does not exist.
pub(crate) fn unknown_keys<'a>(labels: impl Iterator<Item = &'a String>) -> Vec<LabelProblem> {
    let unknown = labels.filter_map(|label| Some((label, key_of(label)?)));
    unknown
        .filter(|(_, key)| !KEYS.contains(key))
        .map(|(label, key)| {
            let hint = did_you_mean(key, KEYS);
            LabelProblem::new(label, "", format!("the key `{key}` does not exist{hint}"))
        })
        .collect()
}
