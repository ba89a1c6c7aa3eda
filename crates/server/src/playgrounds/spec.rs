//! What playspecs say.

use std::collections::BTreeSet;

use playground::blueprint;
use serde::{Deserialize, Serialize};
use store::playgrounds::PlayspecRow;
use wire::playgrounds::{PlayspecChange, PlayspecService};

use super::{FieldErrors, compose_text};

const DESCRIPTION_LIMIT: usize = 1_000;
const COMPOSE_LIMIT: usize = 1 << 20;
const SERVICES_LIMIT: usize = 100;
const TEXT_LIMIT: usize = 1_000;

/// What is set of a playspec.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct SpecBody {
    pub(crate) description: Option<String>,
    pub(crate) base_compose_yaml: String,
    pub(crate) compose_path: Option<String>,
    pub(crate) repo_url: Option<String>,
    pub(crate) persist_volumes: bool,
    pub(crate) services: Vec<PlayspecService>,
}

impl SpecBody {
    pub(crate) fn of(row: &PlayspecRow) -> Result<Self, store::Error> {
        serde_json::from_slice(&row.body)
            .map_err(|error| store::Error::Corrupt(format!("a playspec: {error}")))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // Strings have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// With what a request sets. An empty text removes what was set.
    pub(crate) fn changed(mut self, change: PlayspecChange, errors: &mut FieldErrors) -> Self {
        let set = |text: Option<String>, before: Option<String>| match text {
            Some(text) => Some(text).filter(|text| !text.is_empty()),
            None => before,
        };
        self.description = set(change.description, self.description);
        self.compose_path = set(change.compose_path, self.compose_path);
        self.repo_url = set(change.repo_url, self.repo_url);
        self.base_compose_yaml = change.base_compose_yaml.unwrap_or(self.base_compose_yaml);
        self.persist_volumes = change.persist_volumes.unwrap_or(self.persist_volumes);
        self.services = change.services.unwrap_or(self.services);
        self.check(errors);
        self
    }

    /// Whether playgrounds of the one differ from those of the other.
    pub(crate) fn remakes(&self, before: &Self) -> bool {
        let mut described = before.clone();
        described.description.clone_from(&self.description);
        *self != described
    }

    fn check(&self, errors: &mut FieldErrors) {
        let description = self.description.as_deref().unwrap_or_default();
        if description.chars().count() > DESCRIPTION_LIMIT {
            let message = format!("must have at most {DESCRIPTION_LIMIT} characters");
            errors.add("description", message);
        }
        for (field, text) in [
            ("description", self.description.as_deref()),
            ("base_compose_yaml", Some(self.base_compose_yaml.as_str())),
        ] {
            if text.is_some_and(|text| text.contains('\0')) {
                errors.add(field, "must not contain NUL");
            }
        }
        if let Some(path) = &self.compose_path {
            errors.note("compose_path", relative(path));
            if self.repo_url.is_none() {
                errors.add("repo_url", "must name the repository that has compose_path");
            }
        }
        if let Some(url) = &self.repo_url {
            errors.note("repo_url", repository(url));
        }
        if self.base_compose_yaml.len() > COMPOSE_LIMIT {
            let message = format!("must have at most {COMPOSE_LIMIT} bytes");
            errors.add("base_compose_yaml", message);
        } else if !self.base_compose_yaml.trim().is_empty() {
            compose_text::note(&self.base_compose_yaml, "base_compose_yaml", errors);
        } else if self.compose_path.is_none() {
            errors.add("base_compose_yaml", "can't be blank");
        }
        self.check_services(errors);
    }

    fn check_services(&self, errors: &mut FieldErrors) {
        if self.services.len() > SERVICES_LIMIT {
            let message = format!("must be at most {SERVICES_LIMIT}");
            return errors.add("services", message);
        }
        let known = self.known_services();
        let mut names = BTreeSet::new();
        for service in &self.services {
            let name = &service.name;
            if !names.insert(name) {
                errors.add("services", format!("has `{name}` twice"));
            }
            if known.as_ref().is_some_and(|known| !known.contains(name)) {
                let message = format!("has `{name}`, which is not a service of the Compose file");
                errors.add("services", message);
            }
            check_service(service, errors);
        }
    }

    /// The names of its services, if the Compose file alone says which there are.
    pub(crate) fn known_services(&self) -> Option<BTreeSet<String>> {
        if self.compose_path.is_some() {
            return None;
        }
        let blueprint = blueprint::read(&self.base_compose_yaml);
        let complete = blueprint.other_files.is_empty() && blueprint.is_valid();
        let names = blueprint.services.into_iter().map(|service| service.name);
        complete.then(|| names.collect())
    }
}

/// The services of a playspec: those of the Compose file, with what is said of them.
pub(crate) fn described_services(body: &SpecBody) -> Vec<PlayspecService> {
    let blueprint = blueprint::read(&body.base_compose_yaml);
    let described = |name: &str| body.services.iter().find(|one| one.name == name).cloned();
    let mut services: Vec<PlayspecService> = blueprint
        .services
        .iter()
        .map(|found| {
            let kind = if found.is_dynamic() {
                "dynamic"
            } else {
                "static"
            };
            let mut service = described(&found.name).unwrap_or_default();
            service.name.clone_from(&found.name);
            if service.kind.is_empty() {
                kind.clone_into(&mut service.kind);
            }
            if service.kind == "static" {
                // What has variables in it is known only with their values: the file says it then.
                let image = found.image.clone().filter(|image| !image.contains('$'));
                service.image = service.image.or(image);
            }
            service
        })
        .collect();
    let is_new = |one: &&PlayspecService| !services.iter().any(|known| known.name == one.name);
    let others: Vec<_> = body.services.iter().filter(is_new).cloned().collect();
    services.extend(others);
    services
}

fn check_service(service: &PlayspecService, errors: &mut FieldErrors) {
    let name = &service.name;
    if name.is_empty() {
        return errors.add("services", "has one without a name");
    }
    if !matches!(service.kind.as_str(), "" | "static" | "dynamic") {
        errors.add(
            "services",
            format!("`{name}`: type must be static or dynamic"),
        );
    }
    if let Some(url) = &service.repo_url
        && let Err(message) = repository(url)
    {
        errors.add("services", format!("`{name}`: repo_url {message}"));
    }
    for (field, path) in [
        ("dockerfile_path", &service.dockerfile_path),
        ("env_file_path", &service.env_file_path),
    ] {
        if let Some(Err(message)) = path.as_deref().map(relative) {
            errors.add("services", format!("`{name}`: {field} {message}"));
        }
    }
    if service
        .workdir
        .as_deref()
        .is_some_and(|path| !path.starts_with('/'))
    {
        errors.add(
            "services",
            format!("`{name}`: workdir must be an absolute path"),
        );
    }
    if let Some(Err(message)) = service
        .exposure
        .as_ref()
        .map(super::service_settings::exposure)
    {
        errors.add("services", format!("`{name}`: {message}"));
    }
}

/// A path below the root of a repository.
pub(super) fn relative(path: &str) -> Result<(), String> {
    let is_below = !path.is_empty()
        && path.len() <= TEXT_LIMIT
        && !path.starts_with('/')
        && !path.chars().any(char::is_control)
        && !path.split('/').any(|part| part == "..");
    match is_below {
        true => Ok(()),
        false => Err("must be a path below the root of the repository".to_owned()),
    }
}

/// A repository, without a login in its URL.
pub(super) fn repository(text: &str) -> Result<(), String> {
    let is_text = text.len() <= TEXT_LIMIT && !text.chars().any(char::is_control);
    let url = url::Url::parse(text).ok().filter(|_| is_text);
    let Some(url) = url.filter(|url| matches!(url.scheme(), "https" | "http" | "ssh" | "file"))
    else {
        return Err("must be an https or ssh URL of a repository".to_owned());
    };
    if url.password().is_some() || (url.scheme() != "ssh" && !url.username().is_empty()) {
        return Err("must not have a login: name a credential in git_credential".to_owned());
    }
    Ok(())
}
