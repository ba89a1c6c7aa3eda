//! What is said of a service: by the playground, then by its playspec, then by the labels of its file.

use std::collections::BTreeMap;

use playground::{
    compose::{ComposeDocument, HostPort},
    labels::{HealthcheckLabels, PathRule, ServiceLabels, ServiceShape, Visibility},
    routes::Exposure,
};
use wire::{
    executors::operations::ServiceSources,
    playgrounds::{ExposureSettings, PlayspecService, ServiceSettings},
};

use super::error::OperationError;

/// All that is said of a service.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceSource {
    pub(super) labels: ServiceLabels,
    settings: ServiceSettings,
    playspec: PlayspecService,
}

/// Which branch of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct BranchChoice {
    /// The repository's own choice without one.
    pub(super) branch: Option<String>,
    /// The branch that it is made from where the repository does not have it.
    pub(super) base: Option<String>,
}

/// Everything that is said of the services of a document.
pub(super) fn read(
    document: &ComposeDocument,
    sources: &ServiceSources,
) -> Result<BTreeMap<String, ServiceSource>, OperationError> {
    let mut read = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, service) in &document.services {
        let mut source = ServiceSource::named(name, sources);
        let shape = ServiceShape {
            ports: !service.ports.is_empty(),
            container_name: service.rest.contains_key("container_name"),
            healthcheck: service.rest.contains_key("healthcheck")
                || source.settings.healthcheck_path.is_some(),
            repository: source.repo_url().is_some(),
        };
        match ServiceLabels::parse(&service.plain_labels(), shape) {
            Ok(labels) => source.labels = labels,
            Err(wrong) => {
                problems.extend(wrong.iter().map(|one| format!("service `{name}`: {one}")));
            }
        }
        read.insert(name.clone(), source);
    }
    let known = |name: &&String| !document.services.contains_key(*name);
    problems.extend(sources.services.keys().filter(known).map(|name| {
        format!("the playground has settings for the service `{name}`, which its Compose file does not have")
    }));
    if problems.is_empty() {
        Ok(read)
    } else {
        Err(OperationError::invalid(problems.join("; ")))
    }
}

impl ServiceSource {
    /// Without its labels.
    pub(super) fn named(name: &str, sources: &ServiceSources) -> Self {
        let mut playspec = sources.playspec_services.iter();
        Self {
            labels: ServiceLabels::default(),
            settings: sources.services.get(name).cloned().unwrap_or_default(),
            playspec: playspec
                .find(|one| one.name == name)
                .cloned()
                .unwrap_or_default(),
        }
    }

    /// The repository that it is built from.
    pub(super) fn repo_url(&self) -> Option<&str> {
        let own = self
            .settings
            .repo_url
            .as_ref()
            .or(self.playspec.repo_url.as_ref());
        own.or(self.labels.repo_url.as_ref()).map(String::as_str)
    }

    /// Whether it comes from a repository.
    pub(super) fn is_dynamic(&self) -> bool {
        self.repo_url().is_some() || self.playspec.kind == "dynamic"
    }

    /// The branch of its repository.
    pub(super) fn branch(&self) -> BranchChoice {
        let git = self.settings.git_config.clone().unwrap_or_default();
        let own = git.branch_name.or_else(|| self.playspec.branch.clone());
        BranchChoice {
            branch: own.or_else(|| self.labels.branch.clone()),
            base: git
                .base_branch_name
                .filter(|_| git.create_branch == Some(true)),
        }
    }

    /// The credential of the vault that its repository asks for.
    pub(super) fn git_credential(&self) -> Option<String> {
        let own = self.settings.git_credential.as_ref();
        own.or(self.playspec.git_credential.as_ref()).cloned()
    }

    /// The file with its default values, in its checkout.
    pub(super) fn env_file(&self) -> String {
        let own = self.named_env_file().map(str::to_owned);
        own.unwrap_or_else(|| self.labels.env_file().to_owned())
    }

    /// Whether somebody named that file.
    pub(super) fn names_env_file(&self) -> bool {
        self.named_env_file().is_some() || self.labels.env_file.is_some()
    }

    fn named_env_file(&self) -> Option<&str> {
        let own = self.settings.env_file_path.as_deref();
        own.or(self.playspec.env_file_path.as_deref())
    }

    /// The Dockerfile in its checkout, if somebody named one.
    pub(super) fn dockerfile(&self) -> Option<String> {
        let own = self.settings.dockerfile_path.as_ref();
        let own = own.or(self.playspec.dockerfile_path.as_ref());
        own.or(self.labels.dockerfile.as_ref()).cloned()
    }

    pub(super) fn build_target(&self) -> Option<String> {
        let own = self.settings.build_target.as_ref();
        own.or(self.labels.build_target.as_ref()).cloned()
    }

    pub(super) fn build_args(&self) -> BTreeMap<String, String> {
        let mut args = self.labels.build_args.clone();
        args.extend(self.settings.build_args.clone());
        args
    }

    /// Where its checkout is mounted; it is not in production.
    pub(super) fn source_mount(&self) -> Option<String> {
        let production = self.settings.production.unwrap_or(self.labels.production);
        let own = self
            .playspec
            .workdir
            .clone()
            .filter(|_| self.labels.source_mount.is_none());
        let target = own.unwrap_or_else(|| self.labels.source_mount().to_owned());
        (!production).then_some(target)
    }

    /// The image that it is to use instead of the file's.
    pub(super) fn image(&self) -> Option<String> {
        self.settings
            .image
            .clone()
            .or_else(|| self.playspec.image.clone())
    }

    /// Ports of the host that lead into it.
    pub(super) fn host_ports(&self) -> Vec<HostPort> {
        let mappings = self.settings.port_mappings.iter();
        let ports = mappings.map(|one| HostPort {
            host: one.host,
            container: one.container,
        });
        ports.collect()
    }

    pub(super) fn start_command(&self) -> Option<String> {
        let own = self.settings.start_command.as_ref();
        own.or(self.labels.start_command.as_ref()).cloned()
    }

    /// The health check that is made for it.
    pub(super) fn healthcheck(&self) -> Option<HealthcheckLabels> {
        let of_labels = self.labels.healthcheck.clone();
        match &self.settings.healthcheck_path {
            Some(path) => Some(HealthcheckLabels {
                path: path.clone(),
                ..of_labels.unwrap_or_default()
            }),
            None => of_labels,
        }
    }

    /// How it is reached through the router; `None` when it is not.
    pub(super) fn exposure(&self) -> Result<Option<Exposure>, String> {
        let none = ExposureSettings::default();
        let settings = self.settings.exposure.as_ref().unwrap_or(&none);
        let playspec = self.playspec.exposure.as_ref().unwrap_or(&none);
        let own_port = settings.port.or(self.settings.exposure_port);
        let enabled = settings
            .enabled
            .or(own_port.map(|_| true))
            .or(playspec.enabled);
        if !enabled.unwrap_or(self.labels.port.is_some()) {
            return Ok(None);
        }
        let visibility = settings
            .visibility
            .as_ref()
            .or(self.settings.exposure_visibility.as_ref());
        let visibility = match visibility
            .or(playspec.visibility.as_ref())
            .map(String::as_str)
        {
            None => self.labels.visibility,
            Some("external") => Visibility::External,
            Some("internal") => Visibility::Internal,
            Some(other) => {
                return Err(format!(
                    "visibility `{other}` is neither `external` nor `internal`"
                ));
            }
        };
        let rule = settings
            .path_rule
            .as_ref()
            .or(self.settings.path_rule.as_ref());
        let rule = match rule.or(playspec.path_rule.as_ref()) {
            Some(text) => Some(PathRule::parse(text)?),
            None => self.labels.path_rule.clone(),
        };
        let subdomain = settings
            .subdomain
            .as_ref()
            .or(self.settings.subdomain.as_ref());
        Ok(Some(Exposure {
            enabled: true,
            port: own_port
                .or(playspec.port)
                .or(self.labels.port)
                .unwrap_or(80),
            subdomain: subdomain.or(playspec.subdomain.as_ref()).cloned(),
            visibility,
            path_rule: rule,
        }))
    }
}
