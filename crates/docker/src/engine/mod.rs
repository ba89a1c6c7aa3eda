//! The engine's API.

mod container;
mod events;
mod exec;
mod inspect;
mod lifecycle;
mod lines;
mod logs;
mod resources;
mod usage;

use std::{sync::Arc, time::Duration};

use bollard::{API_DEFAULT_VERSION, Docker};

pub use container::{Attachment, Container, ContainerHealth, ContainerState, PublishedPort};
pub use events::{ContainerEvent, EventsQuery};
pub use exec::{Exec, ExecOutcome, RunningExec};
pub use lines::{ContainerLine, ContainerStream};
pub use logs::LogsQuery;
pub use resources::{Image, Network, Volume};
pub use usage::ContainerUsage;

use crate::{DockerError, Endpoint};

/// How long an answer may take. A wait or a stream has no such limit.
const ANSWER: Duration = Duration::from_secs(60);

/// The oldest API that is spoken: that of engine 20.10.
pub(crate) const OLDEST_API: (usize, usize) = (1, 41);

/// A connection to an engine. Each request opens its own, so it survives a restart of the engine; a clone
/// costs nothing.
#[derive(Clone, Debug)]
pub struct Engine {
    api: Docker,
    endpoint: Arc<Endpoint>,
}

/// What an engine says of itself.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EngineVersion {
    /// The engine's version, such as `28.2.2`.
    pub engine: String,
    /// The newest version of its API, such as `1.50`.
    pub api: String,
    /// `linux` or `windows`.
    pub os: String,
    /// As Go names it, such as `amd64`.
    pub architecture: String,
}

impl Engine {
    /// Connects, and agrees on a version of the API.
    ///
    /// # Errors
    /// When the engine does not answer, or is older than 20.10.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, DockerError> {
        let api = client(endpoint)?.negotiate_version().await?;
        let version = api.client_version();
        if (version.major_version, version.minor_version) < OLDEST_API {
            return Err(DockerError::Protocol(format!(
                "it speaks API {version}; install Docker Engine 20.10 (API 1.41) or newer"
            )));
        }
        Ok(Self {
            api,
            endpoint: Arc::new(endpoint.clone()),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What it says of itself.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn version(&self) -> Result<EngineVersion, DockerError> {
        let version = self.api.version().await?;
        Ok(EngineVersion {
            engine: version.version.unwrap_or_default(),
            api: version.api_version.unwrap_or_default(),
            os: version.os.unwrap_or_default(),
            architecture: version.arch.unwrap_or_default(),
        })
    }

    /// The engine's own id: two addresses with one id are one engine.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn id(&self) -> Result<String, DockerError> {
        Ok(self.api.info().await?.id.unwrap_or_default())
    }

    /// The same connection for requests that take as long as they take, such as a stop with a grace.
    fn patient(&self, more: Duration) -> Docker {
        self.api.clone().with_timeout(ANSWER.saturating_add(more))
    }
}

fn client(endpoint: &Endpoint) -> Result<Docker, DockerError> {
    let seconds = ANSWER.as_secs();
    let client = match endpoint {
        Endpoint::Unix(path) => {
            Docker::connect_with_unix(&path.to_string_lossy(), seconds, API_DEFAULT_VERSION)
        }
        Endpoint::Tcp {
            address,
            certificates: None,
        } => Docker::connect_with_http(&format!("tcp://{address}"), seconds, API_DEFAULT_VERSION),
        Endpoint::Tcp {
            address,
            certificates: Some(directory),
        } => {
            // A second call says that there is one already, which is what is wanted.
            let _ = rustls::crypto::ring::default_provider().install_default();
            Docker::connect_with_ssl(
                &format!("tcp://{address}"),
                &directory.join("key.pem"),
                &directory.join("cert.pem"),
                &directory.join("ca.pem"),
                seconds,
                API_DEFAULT_VERSION,
            )
        }
    };
    Ok(client?)
}
