//! From the blueprint to a document that the policy allows: what of it is wanted, with which environment, reached
//! where.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    time::Duration,
};

use playground::{
    compose::ComposeDocument,
    environment::MergedEnvironment,
    policy::{self, Policy},
    routes::{RouteSettings, ServiceRoute, routes},
    variables,
};
use serde_json::Value;
use wire::executors::operations::ServiceSources;

use super::{
    context::{Operation, on_disk},
    environment::{DefaultValues, reported},
    error::OperationError,
    included,
    services::{self, ServiceSource},
    sources::Sources,
};
use crate::playrooms::places;

/// The compose tool only reads files here.
const CONFIG_TIMEOUT: Duration = Duration::from_secs(30);

/// Refusals that are told at once; there may be one for each line.
const REFUSALS: usize = 20;

/// A blueprint that may be applied.
pub(super) struct Prepared {
    /// As the compose tool has it, with the services that are wanted.
    pub(super) document: ComposeDocument,
    pub(super) sources: BTreeMap<String, ServiceSource>,
    pub(super) environments: BTreeMap<String, MergedEnvironment>,
    pub(super) routes: Vec<ServiceRoute>,
}

impl Prepared {
    /// Whether a service comes from a repository.
    pub(super) fn is_dynamic(&self, service: &str) -> bool {
        self.sources
            .get(service)
            .is_some_and(ServiceSource::is_dynamic)
    }

    /// The services that the router reaches.
    pub(super) fn routed(&self) -> BTreeSet<String> {
        self.routes
            .iter()
            .map(|route| route.service.clone())
            .collect()
    }
}

impl Operation<'_> {
    /// Reads the blueprint with its variables, and judges it.
    pub(super) async fn prepare(
        &mut self,
        given: &Sources,
        defaults: &DefaultValues,
    ) -> Result<Prepared, OperationError> {
        let environment = self.environment(defaults);
        let values = environment.values();
        let policy: Policy = setting(&self.input.policy, "policy")?;
        refuse(&variables::missing(&given.text, &values))?;
        refuse(&check_files(given, &values, &policy).await?)?;
        let (mut document, mut own) = self.normalise(given, &values).await?;
        narrow(&mut document, &self.input.sources);
        let mut sources = services::read(&document, &self.input.sources)?;
        let images = sources.iter().filter_map(|(name, source)| {
            let image = source.image()?;
            policy::check_image(name, &image)
        });
        refuse(&images.collect::<Vec<_>>())?;
        let ports = sources.iter().flat_map(|(name, source)| {
            policy::check_port_mappings(name, &source.host_ports(), &policy)
        });
        refuse(&ports.collect::<Vec<_>>())?;
        let routes = self.routes_of(&sources)?;
        let routed = routes.iter().map(|route| route.service.clone()).collect();
        let judged = document.clone();
        own.extend(given.checkouts.values().map(|one| one.files.clone()));
        let written = written(&sources, given);
        let places = on_disk("the paths of the document", move || {
            let mut places = places(&judged, &own);
            for path in written {
                let real = path.canonicalize()?;
                places.written.push(real.to_string_lossy().into_owned());
            }
            Ok(places)
        });
        let places = places.await?;
        refuse(&policy::check(&document, &policy, &places, &routed))?;
        let environments = self.service_environments(&document, defaults);
        self.outcome.environment = Some(reported(&environment, &environments));
        sources.retain(|name, _| document.services.contains_key(name));
        Ok(Prepared {
            document,
            sources,
            environments,
            routes,
        })
    }

    /// What the compose tool makes of the blueprint, and the directories in which its paths may be.
    async fn normalise(
        &self,
        given: &Sources,
        values: &BTreeMap<String, String>,
    ) -> Result<(ComposeDocument, Vec<PathBuf>), OperationError> {
        let in_checkout = given.file.as_ref();
        let in_checkout = in_checkout.map(|(checkout, path)| checkout.files.join(path));
        let file = match &in_checkout {
            Some(file) if !given.rewritten => file.clone(),
            _ => self.write_blueprint(&given.text).await?,
        };
        let own = match &given.file {
            Some((checkout, _)) => checkout.files.clone(),
            None => self.directory.blueprint(),
        };
        let mut project = self.project(file.clone());
        // Relative paths are those of the file that its author wrote.
        if let Some(parent) = in_checkout.as_ref().unwrap_or(&file).parent() {
            parent.clone_into(&mut project.directory);
        }
        project.files.push(self.write_contexts(given).await?);
        let mut seen = values.clone();
        // What the tool itself reads is not for playgrounds to say.
        seen.retain(|key, _| {
            let own = ["COMPOSE_", "DOCKER_", "BUILDKIT_", "BUILDX_", "LD_"];
            key == "COMPOSE_PROFILES" || !own.iter().any(|own| key.starts_with(own))
        });
        let config = self.compose(CONFIG_TIMEOUT, async |watch| {
            project.config(&seen, &[], watch).await
        });
        let value = match config.await {
            Ok(value) => value,
            Err(error) => {
                let said = error.lines().last().cloned();
                return Err(OperationError::invalid(
                    said.unwrap_or_else(|| error.to_string()),
                ));
            }
        };
        let document = serde_json::from_value(value).map_err(|error| {
            OperationError::invalid(format!("the Compose document is not readable: {error}"))
        })?;
        Ok((document, vec![own]))
    }

    /// Puts the blueprint alone into a directory: its relative paths lead to nothing else.
    async fn write_blueprint(&self, text: &str) -> Result<PathBuf, OperationError> {
        let (directory, place) = (self.directory.clone(), self.directory.blueprint());
        let (file, text) = (place.join("compose.yml"), text.to_owned());
        let written = file.clone();
        let write = move || {
            fs::create_dir_all(&place)?;
            directory.put(&written, &text)
        };
        on_disk("the playground's directory", write).await?;
        Ok(file)
    }

    /// The routes of the services.
    fn routes_of(
        &self,
        sources: &BTreeMap<String, ServiceSource>,
    ) -> Result<Vec<ServiceRoute>, OperationError> {
        if self.target().job_mode {
            return Ok(Vec::new());
        }
        let mut exposures = BTreeMap::new();
        for (name, source) in sources {
            let exposure = source
                .exposure()
                .map_err(|error| OperationError::invalid(format!("service `{name}`: {error}")))?;
            exposures.extend(exposure.map(|exposure| (name.as_str(), exposure)));
        }
        let subdomains = &self.input.routing.service_subdomains;
        let settings: Vec<RouteSettings<'_>> = exposures
            .iter()
            .map(|(name, exposure)| RouteSettings {
                service: name,
                labels: &sources[*name].labels,
                exposure: Some(exposure),
                subdomain: subdomains.get(*name).map(String::as_str),
            })
            .collect();
        routes(&settings).map_err(|problems| {
            let problems = problems
                .iter()
                .map(|one| format!("service `{}`: {}", one.service, one.message));
            OperationError::invalid(problems.collect::<Vec<_>>().join("; "))
        })
    }
}

/// The checkouts that are mounted into services.
fn written(sources: &BTreeMap<String, ServiceSource>, given: &Sources) -> Vec<PathBuf> {
    let mounted = sources
        .iter()
        .filter(|(_, source)| source.source_mount().is_some());
    let checkouts = mounted.filter_map(|(name, _)| given.checkouts.get(name));
    checkouts.map(|checkout| checkout.files.clone()).collect()
}

/// A setting in the form of crate `playground`; its default for `null`.
pub(super) fn setting<T: serde::de::DeserializeOwned + Default>(
    value: &Value,
    what: &str,
) -> Result<T, OperationError> {
    if value.is_null() {
        return Ok(T::default());
    }
    serde_json::from_value(value.clone())
        .map_err(|error| OperationError::invalid(format!("the playroom's {what}: {error}")))
}

/// What is refused among the files that the blueprint names.
async fn check_files(
    given: &Sources,
    values: &BTreeMap<String, String>,
    policy: &Policy,
) -> Result<Vec<String>, OperationError> {
    let Some((checkout, file)) = given.file.clone() else {
        let refused = policy::check_text(&given.text, values, policy);
        return Ok(refused.iter().map(ToString::to_string).collect());
    };
    let files = checkout.files.clone();
    let links = on_disk("the checkout", move || included::links_out(&files)).await?;
    let mut refused = included::refused(&checkout.files, &file, &given.text, (values, policy))?;
    refused.extend(
        links
            .iter()
            .map(|link| format!("the link {} leads out of the repository", link.display())),
    );
    Ok(refused)
}

/// Fails with everything that is refused.
fn refuse<R: ToString>(refusals: &[R]) -> Result<(), OperationError> {
    if refusals.is_empty() {
        return Ok(());
    }
    let more = refusals.len().saturating_sub(REFUSALS);
    let mut told: Vec<String> = refusals.iter().take(REFUSALS).map(R::to_string).collect();
    if more > 0 {
        told.push(format!("and {more} more"));
    }
    Err(OperationError::invalid(told.join("; ")))
}

/// Leaves the services that are wanted, with those that they need.
fn narrow(document: &mut ComposeDocument, sources: &ServiceSources) {
    let mut wanted: BTreeSet<String> = match sources.only_services.as_slice() {
        [] => document.services.keys().cloned().collect(),
        only => only.iter().cloned().collect(),
    };
    let mut open: Vec<String> = wanted.iter().cloned().collect();
    while let Some(name) = open.pop() {
        let needed = document
            .services
            .get(&name)
            .map(|service| service.depends_on.keys());
        for needed in needed.into_iter().flatten() {
            if wanted.insert(needed.clone()) {
                open.push(needed.clone());
            }
        }
    }
    wanted.retain(|name| !sources.except_services.contains(name));
    document.services.retain(|name, _| wanted.contains(name));
    for service in document.services.values_mut() {
        service.depends_on.retain(|name, _| wanted.contains(name));
    }
}
