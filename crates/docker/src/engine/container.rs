//! Containers, and in which state each is.

use std::{collections::HashMap, net::IpAddr};

use jiff::Timestamp;

/// A container as the engine saw it a moment ago.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Container {
    /// Its id, 64 hexadecimal digits.
    pub id: String,
    /// Its name, for people; nothing is told from it.
    pub name: String,
    /// The service of Compose, empty for a container that Compose did not make.
    pub service: String,
    /// Compose's number of it among its service's containers, from 1 on; 0 for others.
    pub number: u32,
    /// Compose's hash of the service's configuration when it was made.
    pub config_hash: String,
    /// True for a container of `compose run`, which is none of the service's replicas.
    pub one_off: bool,
    /// What it is doing.
    pub state: ContainerState,
    /// What its health check says; none without one, and while it does not run.
    pub health: Option<ContainerHealth>,
    /// What the last health check printed.
    pub health_output: String,
    /// How it ended, when it has ended.
    pub exit_code: Option<i64>,
    /// True when the kernel killed it because of its memory limit.
    pub out_of_memory: bool,
    /// Why the engine could not start it, else empty.
    pub error: String,
    /// When it was started last.
    pub started_at: Option<Timestamp>,
    /// When it ended last. One that ends at once may have ended before it was started, as the engine writes it.
    pub finished_at: Option<Timestamp>,
    /// How often the engine started it again.
    pub restarts: i64,
    /// The id of its image.
    pub image_id: String,
    /// The name of its image, as it was asked for.
    pub image: String,
    /// True when its output is one stream, that of a terminal.
    pub terminal: bool,
    /// True when data of it are in volumes without a name, which its image asks for: they are lost with it.
    pub has_anonymous_volumes: bool,
    /// The networks that it is in.
    pub networks: Vec<Attachment>,
    /// The ports of the host that lead to it, while it runs.
    pub ports: Vec<PublishedPort>,
    /// All its labels.
    pub labels: HashMap<String, String>,
}

/// A network that a container is in.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attachment {
    /// The network's name.
    pub network: String,
    /// The container's address in it, while it runs.
    pub address: Option<IpAddr>,
}

/// A port of the host that leads to a container.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct PublishedPort {
    /// The port in the container.
    pub container: u16,
    /// The port of the host.
    pub host: u16,
}

/// What a container is doing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContainerState {
    /// It was never started.
    Created,
    /// It runs.
    Running,
    /// It runs, and is frozen.
    Paused,
    /// It ended, and the engine will start it again.
    Restarting,
    /// It is being removed.
    Removing,
    /// It ended.
    Exited,
    /// It ended, and could not be removed.
    Dead,
}

/// What a health check says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ContainerHealth {
    /// Nothing yet.
    Starting,
    /// The last check succeeded.
    Healthy,
    /// So many checks failed in a row as it takes.
    Unhealthy,
}

impl Container {
    /// The address by which it is reached in a network.
    #[must_use]
    pub fn address(&self, network: &str) -> Option<IpAddr> {
        let mut networks = self.networks.iter();
        networks
            .find(|attachment| attachment.network == network)?
            .address
    }

    /// True when it runs, and its health check, if it has one, says that it works.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.state == ContainerState::Running
            && self
                .health
                .is_none_or(|health| health == ContainerHealth::Healthy)
    }
}

impl ContainerState {
    /// The engine's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
        }
    }
}

impl ContainerHealth {
    /// The engine's word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
        }
    }
}
