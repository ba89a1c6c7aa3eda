//! What is missing on this machine before playgrounds can be run.

use crate::{
    ComposeTool, DockerError, Endpoint, Engine, compose::NoCompose, engine::EngineVersion,
};

/// What a look at the engine and the Compose tool found.
#[derive(Clone, Debug)]
pub struct Readiness {
    /// The engine, if it answers.
    pub engine: Option<EngineVersion>,
    /// The Compose tool, if there is a usable one.
    pub compose: Option<ComposeTool>,
    /// What is missing.
    pub findings: Vec<Finding>,
}

/// Something that is missing.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub advice: String,
}

impl Readiness {
    /// Looks at the engine and for the Compose tool.
    pub async fn check(endpoint: &Endpoint) -> Self {
        let mut findings = Vec::new();
        let engine = match version(endpoint).await {
            Ok(version) => Some(version),
            Err(error) => {
                findings.push(Finding::engine(endpoint, &error));
                None
            }
        };
        let compose = match ComposeTool::find().await {
            Ok(tool) => Some(tool),
            Err(error) => {
                findings.push(Finding::compose(&error));
                None
            }
        };
        Self {
            engine,
            compose,
            findings,
        }
    }
}

async fn version(endpoint: &Endpoint) -> Result<EngineVersion, DockerError> {
    Engine::connect(endpoint).await?.version().await
}

impl Finding {
    fn engine(endpoint: &Endpoint, error: &DockerError) -> Self {
        let advice = match error {
            DockerError::Permission(_) => {
                "add the user to the group docker: sudo usermod -aG docker $USER, then log in again"
            }
            DockerError::Unreachable(_) | DockerError::Timeout => match endpoint {
                Endpoint::Unix(_) => {
                    "install and start Docker Engine: sudo apt-get install docker.io && sudo systemctl enable --now docker"
                }
                Endpoint::Tcp { .. } => {
                    "start Docker Engine there, and open its port to this machine"
                }
            },
            _ => "install Docker Engine 20.10 or newer: sudo apt-get install docker.io",
        };
        Self {
            problem: format!("{endpoint}: {error}"),
            advice: advice.into(),
        }
    }

    fn compose(error: &NoCompose) -> Self {
        Self {
            problem: error.to_string(),
            advice: "install the Compose plugin: sudo apt-get install docker-compose-plugin, or put the \
                program docker-compose into ~/.docker/cli-plugins"
                .into(),
        }
    }
}
