//! What a playground adds to its document.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::ResourceLimits;
use crate::labels::HealthcheckLabels;

/// One playground, as far as its document depends on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PlaygroundInstance {
    /// Its id.
    pub id: i64,
    /// The Compose project: see [`crate::project::project_name`].
    pub project: String,
    /// The mark of the installation that owns what is made.
    pub owner: String,
    /// Its containers run to their end: no restarts, no ports, one replica.
    pub job_mode: bool,
    /// The prefix of its volumes when they outlive it; the project otherwise.
    pub volume_prefix: Option<String>,
    /// For services that set none of their own.
    pub limits: ResourceLimits,
    /// What is known of its services. One that is not named stays as its blueprint has it.
    pub services: BTreeMap<String, ServiceInstance>,
}

/// One service of a playground, as far as the document depends on it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ServiceInstance {
    /// It is reached through the router: its ports are not published.
    pub routed: bool,
    /// The whole environment, merged with that of the blueprint; `None` leaves the blueprint's.
    pub environment: Option<BTreeMap<String, String>>,
    /// The image to use: one that was built, or the one that the playground names.
    pub image: Option<String>,
    /// `image` was built here: it is never pulled.
    pub built: bool,
    /// The checkout that is mounted; without one, as in production, the image has the source.
    pub source: Option<SourceMount>,
    /// What runs instead of the command, for a shell.
    pub start_command: Option<String>,
    /// The health check instead of the blueprint's, and the port that it asks.
    pub healthcheck: Option<(HealthcheckLabels, u16)>,
    /// Files of the playspec.
    pub files: Vec<FileMount>,
    /// Ports of the host that lead into it, also where the router reaches it.
    pub host_ports: Vec<HostPort>,
}

/// A port of the host that leads into a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPort {
    /// The port of the host.
    pub host: u16,
    /// The port in the container.
    pub container: u16,
}

/// A directory of the host that is mounted as the source of a service.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceMount {
    /// The directory on the host: an absolute path.
    pub checkout: String,
    /// Where the container sees it: an absolute path.
    pub target: String,
}

/// A file of the host that is mounted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileMount {
    /// The file on the host: an absolute path.
    pub source: String,
    /// Where the container sees it: an absolute path.
    pub target: String,
    /// The container cannot write to it.
    pub read_only: bool,
}
