//! What is missing on this machine before playgrounds can run on it.

use docker::{Endpoint, Readiness};

/// What a look at a Docker host found.
#[derive(Clone, Debug, Default)]
pub struct DockerReadiness {
    /// Which engine and which compose tool there are.
    pub found: String,
    /// What is wrong, and what to do about it.
    pub missing: Vec<(String, String)>,
}

/// Looks at the engine at an address, or at this machine's own, and for the compose tool.
pub async fn docker_readiness(endpoint: Option<&str>) -> DockerReadiness {
    let parsed = endpoint.map_or_else(|| Ok(Endpoint::local()), |text| Endpoint::parse(text, None));
    let endpoint = match parsed {
        Ok(endpoint) => endpoint,
        Err(error) => {
            let advice = "name the engine as unix:///path/to/socket or tcp://host:port".to_owned();
            return DockerReadiness {
                found: String::new(),
                missing: vec![(error.to_string(), advice)],
            };
        }
    };
    let looked = Readiness::check(&endpoint).await;
    let engine = looked
        .engine
        .map(|engine| format!("engine {} at {endpoint}", engine.engine));
    let compose = looked
        .compose
        .map(|tool| format!("compose {}", tool.version()));
    let missing = looked.findings.into_iter();
    DockerReadiness {
        found: engine
            .into_iter()
            .chain(compose)
            .collect::<Vec<_>>()
            .join(", "),
        missing: missing.map(|one| (one.problem, one.advice)).collect(),
    }
}
