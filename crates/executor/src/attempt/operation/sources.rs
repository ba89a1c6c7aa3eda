//! Where services come from: checkouts of repositories, the blueprint, and the default values of variables.

use std::{collections::BTreeMap, path::PathBuf};

use docker::git::{FileError, read_file};
use playground::{
    blueprint,
    environment::parse_env_file,
    template::{self, Template},
};
use serde_json::json;

use super::{
    clones::WantedCheckout,
    context::{Operation, on_disk},
    error::OperationError,
    services::ServiceSource,
};

/// The longest file that is read of a checkout.
const FILE_BYTES: u64 = 4 << 20;

/// Where the services of an operation come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// The Compose file, with references in the place of its tokens.
    pub(super) text: String,
    /// Its template.
    pub(super) template: Template,
    /// Whether the text is another one than the file's.
    pub(super) rewritten: bool,
    /// The checkout that the Compose file is in, and its path there, if it comes from one.
    pub(super) file: Option<(ServiceCheckout, PathBuf)>,
    /// By service.
    pub(super) checkouts: BTreeMap<String, ServiceCheckout>,
    /// The default values of variables, by service.
    pub(super) defaults: BTreeMap<String, BTreeMap<String, String>>,
}

/// A checkout that a service uses.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceCheckout {
    pub(super) files: PathBuf,
    pub(super) repository: String,
    pub(super) branch: String,
    /// Not known of one with changes that are in no commit.
    pub(super) commit: Option<String>,
}

impl Operation<'_> {
    /// Clones what services are made from; without a repository there is nothing to do.
    pub(super) async fn sources(&mut self) -> Result<Sources, OperationError> {
        let given = &self.input.sources;
        let mut sources = Sources {
            text: given.compose_yaml.clone(),
            ..Sources::default()
        };
        let mut made = BTreeMap::new();
        if let Some(path) = &given.compose_path {
            self.phases.begin("repo_clone").await?;
            let wanted = self.of_compose_file()?;
            let checkout = self.checked_out(&wanted, &[], &mut made).await?;
            sources.text = read_file(&checkout.files, path, FILE_BYTES)
                .map_err(|error| OperationError::invalid(error.to_string()))?;
            sources.file = Some((checkout, path.into()));
        }
        sources.template = template::read(&sources.text);
        let text = std::mem::take(&mut sources.template.text);
        sources.rewritten = text != sources.text;
        sources.text = text;
        let mut by_source: BTreeMap<WantedCheckout, Vec<(String, ServiceSource)>> = BTreeMap::new();
        for service in blueprint::read(&sources.text).services {
            let mut source = ServiceSource::named(&service.name, given);
            source.labels = service.settings.unwrap_or_default();
            let own = source.repo_url().map(str::to_owned);
            let shared = given.repo_url.clone().filter(|_| source.is_dynamic());
            if let Some(repository) = own.or(shared) {
                let wanted = WantedCheckout {
                    repository,
                    choice: source.branch(),
                    credential: source.git_credential(),
                };
                by_source
                    .entry(wanted)
                    .or_default()
                    .push((service.name, source));
            }
        }
        if !by_source.is_empty() && sources.file.is_none() {
            self.phases.begin("repo_clone").await?;
        }
        let mut places = BTreeMap::new();
        for (wanted, services) in by_source {
            let place = wanted.place();
            places.extend(
                services
                    .iter()
                    .map(|(name, _)| (name.clone(), place.clone())),
            );
            let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
            let checkout = self.checked_out(&wanted, &names, &mut made).await?;
            for (name, source) in services {
                let defaults = default_values(&checkout, &source)?;
                sources.defaults.insert(name.clone(), defaults);
                if let Some(commit) = &checkout.commit {
                    self.outcome.commits.insert(name.clone(), commit.clone());
                }
                sources.checkouts.insert(name, checkout.clone());
            }
        }
        if self.phases.current() == Some("repo_clone") {
            let directory = self.directory.clone();
            on_disk("the playground's checkouts", move || {
                directory.save_sources(&places)
            })
            .await?;
            let clones = serde_json::to_value(&self.outcome.clones).unwrap_or_default();
            self.phases.complete(json!({ "clones": clones }));
        }
        Ok(sources)
    }

    /// The repository of the Compose file, at the branch that its services use.
    fn of_compose_file(&self) -> Result<WantedCheckout, OperationError> {
        let given = &self.input.sources;
        let repository = given.repo_url.clone();
        let repository = repository.ok_or_else(|| {
            OperationError::invalid("`compose_path` needs the playspec's `repo_url`")
        })?;
        let names = given
            .playspec_services
            .iter()
            .map(|one| &one.name)
            .chain(given.services.keys());
        let sources: Vec<ServiceSource> = names
            .map(|name| ServiceSource::named(name, given))
            .collect();
        let uses = |source: &&ServiceSource| source.repo_url().is_none_or(|url| url == repository);
        let users = || sources.iter().filter(uses);
        let choice = users()
            .map(ServiceSource::branch)
            .find(|choice| choice.branch.is_some());
        Ok(WantedCheckout {
            choice: choice.unwrap_or_default(),
            credential: users().find_map(ServiceSource::git_credential),
            repository,
        })
    }
}

/// The default values that a checkout has for a service.
fn default_values(
    checkout: &ServiceCheckout,
    source: &ServiceSource,
) -> Result<BTreeMap<String, String>, OperationError> {
    let path = source.env_file();
    match read_file(&checkout.files, &path, FILE_BYTES) {
        Ok(text) => parse_env_file(&text).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            OperationError::invalid(format!("{path}: {}", problems.join("; ")))
        }),
        // Nobody asked for it by its name.
        Err(FileError::NotFound(_)) if !source.names_env_file() => Ok(BTreeMap::new()),
        Err(error) => Err(OperationError::invalid(error.to_string())),
    }
}
