//! What the Compose tool is asked to do.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;

use super::{ComposeError, ComposeProject, Watch};

/// How services are brought up.
#[derive(Clone, Debug, Default)]
pub struct Up {
    /// These services; all of them if none is named.
    pub services: Vec<String>,
    /// Leaves the services alone that these depend on.
    pub no_deps: bool,
    /// Leaves containers alone that are there, whatever has changed.
    pub no_recreate: bool,
    /// Replaces containers whose configuration has not changed as well.
    pub force_recreate: bool,
    /// How many containers of a service there shall be.
    pub scale: BTreeMap<String, u32>,
    /// Waits so long until all are running and healthy, and fails else.
    pub wait: Option<Duration>,
    /// Pulls images that are not there; else they have to be there.
    pub pull_missing: bool,
    /// Removes containers of services that are in the files no more.
    pub remove_orphans: bool,
}

/// How a project is taken down.
#[derive(Clone, Debug, Default)]
pub struct Down {
    /// Removes the named volumes as well; else they stay.
    pub volumes: bool,
    /// Removes containers of services that are in the files no more.
    pub remove_orphans: bool,
    /// How long containers may take to stop, instead of what the files say.
    pub grace: Option<Duration>,
}

impl ComposeProject {
    /// The files as one document in the tool's own form: anchors, `extends`, `include`, profiles, short forms
    /// and variables are resolved. It needs no engine, and pins no image.
    ///
    /// # Errors
    /// When the files are invalid, or a variable that has to be set is not.
    pub async fn config(
        &self,
        variables: &BTreeMap<String, String>,
        profiles: &[String],
        watch: Watch<'_>,
    ) -> Result<Value, ComposeError> {
        let mut arguments = Vec::new();
        for profile in profiles {
            arguments.extend(words(&["--profile", profile]));
        }
        arguments.extend(words(&["config", "--format", "json"]));
        let command = self.command("json", &arguments, variables);
        let output = self.ask(command, watch).await?;
        serde_json::from_slice(&output).map_err(|error| ComposeError::output(&error))
    }

    /// Creates and starts what is missing or has changed, in the background.
    ///
    /// # Errors
    /// When it fails; what it made until then stays.
    pub async fn up(&self, up: &Up, watch: Watch<'_>) -> Result<(), ComposeError> {
        self.change(&up.arguments(), watch).await
    }

    /// Builds the images of all services. `pull` fetches newer base images.
    ///
    /// # Errors
    /// When it fails.
    pub async fn build(&self, pull: bool, watch: Watch<'_>) -> Result<(), ComposeError> {
        let mut arguments = words(&["build"]);
        flag(&mut arguments, pull, "--pull");
        // Its log is for people; as JSON it would be the builder's graph.
        let command = self.command("plain", &arguments, &BTreeMap::new());
        self.work(command, watch).await
    }

    /// Pulls the images of services, newer ones over those that are there. What is built here is left out.
    ///
    /// # Errors
    /// When one cannot be pulled.
    pub async fn pull(&self, services: &[String], watch: Watch<'_>) -> Result<(), ComposeError> {
        let arguments = words(&["pull", "--ignore-buildable"]);
        self.change(&with_services(arguments, services), watch)
            .await
    }

    /// Stops and removes the containers and networks.
    ///
    /// # Errors
    /// When it fails.
    pub async fn down(&self, down: &Down, watch: Watch<'_>) -> Result<(), ComposeError> {
        let mut arguments = words(&["down"]);
        flag(&mut arguments, down.volumes, "--volumes");
        flag(&mut arguments, down.remove_orphans, "--remove-orphans");
        if let Some(grace) = down.grace {
            arguments.extend(words(&["--timeout", &grace.as_secs().to_string()]));
        }
        self.change(&arguments, watch).await
    }

    /// Stops services and keeps their containers.
    ///
    /// # Errors
    /// When it fails.
    pub async fn stop(&self, services: &[String], watch: Watch<'_>) -> Result<(), ComposeError> {
        self.change(&with_services(words(&["stop"]), services), watch)
            .await
    }

    /// Starts containers that were stopped.
    ///
    /// # Errors
    /// When it fails.
    pub async fn start(&self, services: &[String], watch: Watch<'_>) -> Result<(), ComposeError> {
        self.change(&with_services(words(&["start"]), services), watch)
            .await
    }
}

impl Up {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = words(&["up", "--detach", "--no-build", "--quiet-pull"]);
        let pull = if self.pull_missing {
            "missing"
        } else {
            "never"
        };
        arguments.extend(words(&["--pull", pull]));
        flag(&mut arguments, self.no_deps, "--no-deps");
        flag(&mut arguments, self.no_recreate, "--no-recreate");
        flag(&mut arguments, self.force_recreate, "--force-recreate");
        flag(&mut arguments, self.remove_orphans, "--remove-orphans");
        if let Some(wait) = self.wait {
            let seconds = wait.as_secs().max(1).to_string();
            arguments.extend(words(&["--wait", "--wait-timeout", &seconds]));
        }
        for (service, count) in &self.scale {
            arguments.extend(words(&["--scale", &format!("{service}={count}")]));
        }
        with_services(arguments, &self.services)
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn flag(arguments: &mut Vec<String>, set: bool, name: &str) {
    arguments.extend(set.then(|| name.to_owned()));
}

/// No service is taken for an option.
fn with_services(mut arguments: Vec<String>, services: &[String]) -> Vec<String> {
    if !services.is_empty() {
        arguments.push("--".into());
        arguments.extend_from_slice(services);
    }
    arguments
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_beside_the_old_ones_is_asked_for_like_this() {
        let up = Up {
            services: vec!["web".into()],
            no_deps: true,
            no_recreate: true,
            scale: BTreeMap::from([("web".into(), 2)]),
            wait: Some(Duration::from_secs(90)),
            ..Up::default()
        };
        assert_eq!(
            up.arguments().join(" "),
            "up --detach --no-build --quiet-pull --pull never --no-deps --no-recreate --wait \
             --wait-timeout 90 --scale web=2 -- web"
        );
    }
}
