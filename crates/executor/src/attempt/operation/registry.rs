//! Logins of registries: in Docker's configuration of the playground, for as long as images are fetched.

use std::{fs, io};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value, json};
use wire::executors::operations::RegistryLogin;

use super::{
    context::{Operation, on_disk},
    error::OperationError,
};

/// The name under which Docker keeps the login of its own registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

impl Operation<'_> {
    /// Lets the compose tool log in.
    pub(super) async fn log_in(&self) -> Result<(), OperationError> {
        let text = config(&self.secrets.registries).to_string();
        let (directory, path) = (self.directory.clone(), self.config_file());
        on_disk("the logins of registries", move || {
            directory.put(&path, &text)
        })
        .await
    }

    /// Takes the logins away again.
    pub(super) async fn log_out(&self) -> Result<(), OperationError> {
        let path = self.config_file();
        let remove = move || match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        on_disk("the logins of registries", remove).await
    }

    fn config_file(&self) -> std::path::PathBuf {
        self.directory.docker_config().join("config.json")
    }
}

/// Docker's configuration; of several logins of a registry the first counts.
fn config(logins: &[RegistryLogin]) -> Value {
    let mut auths = Map::new();
    for login in logins {
        let auth = STANDARD.encode(format!("{}:{}", login.username, login.secret));
        auths
            .entry(registry(login))
            .or_insert_with(|| json!({ "auth": auth }));
    }
    json!({ "auths": auths })
}

/// The registry as Docker names it.
fn registry(login: &RegistryLogin) -> String {
    let url = login.registry_url.trim();
    let host = url
        .split_once("://")
        .map_or(url, |(_, host)| host)
        .trim_end_matches('/');
    match host {
        "docker.io"
        | "index.docker.io"
        | "hub.docker.com"
        | "registry-1.docker.io"
        | "index.docker.io/v1" => DOCKER_HUB.to_owned(),
        "" if login.registry_type == "dockerhub" => DOCKER_HUB.to_owned(),
        host => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(url: &str, username: &str) -> RegistryLogin {
        RegistryLogin {
            registry_url: url.to_owned(),
            username: username.to_owned(),
            secret: "hidden".to_owned(),
            ..RegistryLogin::default()
        }
    }

    #[test]
    fn registries_are_named_as_docker_does_it_and_the_first_login_counts() {
        let logins = [
            login("https://ghcr.io/", "a"),
            login("ghcr.io", "b"),
            login("docker.io", "c"),
            login("localhost:5000", "d"),
        ];
        let auth = |user: &str| json!({ "auth": STANDARD.encode(format!("{user}:hidden")) });
        let wanted = json!({"auths": {
            "ghcr.io": auth("a"), DOCKER_HUB: auth("c"), "localhost:5000": auth("d"),
        }});
        assert_eq!(config(&logins), wanted);
    }
}
