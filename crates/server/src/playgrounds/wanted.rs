//! What is wanted of a playground: what callers set, checked, and split into what rests as it is and the values of
//! its environment, which rest sealed.

use std::collections::{BTreeMap, BTreeSet};

use playground::labels::{PathRule, is_subdomain};
use serde::{Deserialize, Serialize};
use store::playgrounds::PlaygroundRow;
use wire::playgrounds::{ExposureSettings, NewPlayground, PlaygroundChange, ServiceSettings};

use super::{FieldErrors, spec};

/// The pseudo-service whose environment is that of all services.
const GLOBAL: &str = "_global";
const SERVICES_LIMIT: usize = 100;
const NAMES_LIMIT: usize = 1_000;
const VALUE_LIMIT: usize = 64 << 10;
const TEXT_LIMIT: usize = 4_000;
const OVERRIDES_LIMIT: usize = 64 << 10;

/// What is wanted, without values of the environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    pub(crate) services: BTreeMap<String, ServiceSettings>,
    pub(crate) service_subdomains: BTreeMap<String, String>,
    pub(crate) watched_services: Vec<String>,
    pub(crate) only_services: Vec<String>,
    pub(crate) except_services: Vec<String>,
    pub(crate) build_overrides_yaml: Option<String>,
    /// 0 for never.
    pub(crate) sleep_after_seconds: u32,
}

/// The values of the environment that callers set.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct WantedEnvironment {
    pub(crate) env_overrides: BTreeMap<String, String>,
    pub(crate) service_env: BTreeMap<String, BTreeMap<String, String>>,
}

impl Wanted {
    pub(crate) fn of(row: &PlaygroundRow) -> Result<Self, store::Error> {
        serde_json::from_slice(&row.body)
            .map_err(|error| store::Error::Corrupt(format!("a playground: {error}")))
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        // Strings have a JSON form.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What a new playground wants.
    pub(crate) fn new(new: NewPlayground) -> (Self, WantedEnvironment) {
        let mut wanted = Self {
            services: BTreeMap::new(),
            service_subdomains: new.service_subdomains.unwrap_or_default(),
            watched_services: new.watched_services.unwrap_or_default(),
            only_services: new.only_services.unwrap_or_default(),
            except_services: new.except_services.unwrap_or_default(),
            build_overrides_yaml: new.build_overrides_yaml.filter(|text| !text.is_empty()),
            sleep_after_seconds: new.sleep_after_seconds.unwrap_or_default(),
        };
        let mut environment = WantedEnvironment {
            env_overrides: new.env_overrides.unwrap_or_default(),
            service_env: BTreeMap::new(),
        };
        wanted.set_services(new.services.unwrap_or_default(), &mut environment);
        (wanted, environment)
    }

    /// With what a request changes.
    pub(crate) fn changed(
        mut self,
        mut environment: WantedEnvironment,
        change: PlaygroundChange,
    ) -> (Self, WantedEnvironment) {
        if let Some(overrides) = change.env_overrides {
            environment.env_overrides = overrides;
        }
        if let Some(subdomains) = change.service_subdomains {
            self.service_subdomains = subdomains;
        }
        if let Some(text) = change.build_overrides_yaml {
            self.build_overrides_yaml = Some(text).filter(|text| !text.is_empty());
        }
        self.sleep_after_seconds = change
            .sleep_after_seconds
            .unwrap_or(self.sleep_after_seconds);
        self.set_services(change.services.unwrap_or_default(), &mut environment);
        (self, environment)
    }

    fn set_services(
        &mut self,
        services: BTreeMap<String, ServiceSettings>,
        environment: &mut WantedEnvironment,
    ) {
        for (name, mut settings) in services {
            let values = std::mem::take(&mut settings.env_vars);
            if name == GLOBAL {
                environment.env_overrides.extend(values);
                continue;
            }
            match values.is_empty() {
                true => drop(environment.service_env.remove(&name)),
                false => drop(environment.service_env.insert(name.clone(), values)),
            }
            self.services.insert(name, settings);
        }
    }

    /// The credentials of the vault that it names.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = &String> {
        let services = self.services.values();
        services.filter_map(|service| service.git_credential.as_ref())
    }

    /// Notes what is wrong. `known` are the services, if those are known.
    pub(crate) fn check(&self, known: Option<&BTreeSet<String>>, errors: &mut FieldErrors) {
        if self.services.len() > SERVICES_LIMIT {
            errors.add("services", format!("must be at most {SERVICES_LIMIT}"));
        }
        let lists = [
            ("services", self.services.keys().collect::<Vec<_>>()),
            (
                "service_subdomains",
                self.service_subdomains.keys().collect(),
            ),
            ("watched_services", self.watched_services.iter().collect()),
            ("only_services", self.only_services.iter().collect()),
            ("except_services", self.except_services.iter().collect()),
        ];
        for (field, names) in lists {
            for name in names {
                if known.is_some_and(|known| !known.contains(name)) {
                    let message = format!("has `{name}`, which is not a service of the playspec");
                    errors.add(field, message);
                }
            }
        }
        for (name, settings) in &self.services {
            check_settings(name, settings, errors);
        }
        for (name, subdomain) in &self.service_subdomains {
            if let Err(message) = self::subdomain(subdomain) {
                errors.add("service_subdomains", format!("`{name}`: {message}"));
            }
        }
        let overrides = self.build_overrides_yaml.as_deref().unwrap_or_default();
        if overrides.len() > OVERRIDES_LIMIT || overrides.contains('\0') {
            let message = format!("must be YAML of at most {OVERRIDES_LIMIT} bytes");
            errors.add("build_overrides_yaml", message);
        }
    }
}

impl WantedEnvironment {
    /// Notes what is wrong.
    pub(crate) fn check(&self, errors: &mut FieldErrors) {
        check_values("env_overrides", "", &self.env_overrides, errors);
        for (service, values) in &self.service_env {
            check_values("services", &format!("`{service}`: "), values, errors);
        }
    }
}

fn check_values(
    field: &str,
    of: &str,
    values: &BTreeMap<String, String>,
    errors: &mut FieldErrors,
) {
    if values.len() > NAMES_LIMIT {
        errors.add(field, format!("{of}must have at most {NAMES_LIMIT} names"));
    }
    for (name, value) in values {
        let is_name = !name.is_empty()
            && name.len() <= 255
            && !name
                .chars()
                .any(|c| c == '=' || c.is_whitespace() || c.is_control());
        if !is_name {
            let shown: String = name.chars().take(100).collect();
            let message = format!("{of}`{shown}` is not the name of a variable");
            errors.add(field, message);
        }
        if value.len() > VALUE_LIMIT || value.contains('\0') {
            let message = format!(
                "{of}the value of `{name}` must have at most {VALUE_LIMIT} bytes and no NUL"
            );
            errors.add(field, message);
        }
    }
}

fn check_settings(name: &str, settings: &ServiceSettings, errors: &mut FieldErrors) {
    let mut note = |field: &str, checked: Result<(), String>| {
        if let Err(message) = checked {
            errors.add("services", format!("`{name}`: {field}{message}"));
        }
    };
    if let Some(git) = &settings.git_config {
        for (field, branch) in [
            ("branch_name ", &git.branch_name),
            ("base_branch_name ", &git.base_branch_name),
        ] {
            note(field, branch.as_deref().map_or(Ok(()), self::branch));
        }
        if git.create_branch == Some(true) && git.branch_name.is_none() {
            note("", Err("create_branch needs branch_name".to_owned()));
        }
    }
    let repo_url = settings.repo_url.as_deref();
    note("repo_url ", repo_url.map_or(Ok(()), spec::repository));
    for (field, path) in [
        ("dockerfile_path ", &settings.dockerfile_path),
        ("env_file_path ", &settings.env_file_path),
    ] {
        note(field, path.as_deref().map_or(Ok(()), spec::relative));
    }
    note("", exposure(&exposed(settings)));
    let texts = [
        &settings.start_command,
        &settings.image,
        &settings.build_target,
    ];
    let is_long = |text: &&String| text.len() > TEXT_LIMIT || text.contains('\0');
    if texts.into_iter().flatten().any(|text| is_long(&text)) {
        let message = format!("texts must have at most {TEXT_LIMIT} bytes and no NUL");
        note("", Err(message));
    }
}

/// How a service is reached, from either of the two places where callers say it.
pub(super) fn exposed(settings: &ServiceSettings) -> ExposureSettings {
    let nested = settings.exposure.clone().unwrap_or_default();
    ExposureSettings {
        enabled: nested.enabled,
        port: nested.port.or(settings.exposure_port),
        subdomain: nested.subdomain.or_else(|| settings.subdomain.clone()),
        visibility: nested
            .visibility
            .or_else(|| settings.exposure_visibility.clone()),
        path_rule: nested.path_rule.or_else(|| settings.path_rule.clone()),
    }
}

/// Whether a service can be reached so.
pub(super) fn exposure(exposure: &ExposureSettings) -> Result<(), String> {
    if exposure.port == Some(0) {
        return Err("port must be from 1 to 65535".to_owned());
    }
    if let Some(text) = &exposure.subdomain {
        subdomain(text)?;
    }
    let visibility = exposure.visibility.as_deref();
    if visibility.is_some_and(|word| !matches!(word, "external" | "internal")) {
        return Err("visibility must be external or internal".to_owned());
    }
    match &exposure.path_rule {
        Some(rule) => PathRule::parse(rule).map(drop),
        None => Ok(()),
    }
}

/// One label of a host name, or `@` for the root domain itself.
fn subdomain(text: &str) -> Result<(), String> {
    match is_subdomain(text) {
        true => Ok(()),
        false => Err(format!(
            "the subdomain `{}` must be @, or at most 63 of a-z, 0-9 and -, with neither - at its ends",
            text.chars().take(100).collect::<String>()
        )),
    }
}

/// What git takes as the name of a branch, roughly: git itself has the last word.
fn branch(text: &str) -> Result<(), String> {
    let is_bad = |c: char| c.is_control() || c.is_whitespace() || "~^:?*[\\".contains(c);
    let is_branch = !text.is_empty()
        && text.len() <= 255
        && !text.starts_with(['-', '/', '.'])
        && !text.ends_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
        && !text.contains("@{")
        && !text.chars().any(is_bad);
    match is_branch {
        true => Ok(()),
        false => Err("is not the name of a branch".to_owned()),
    }
}
