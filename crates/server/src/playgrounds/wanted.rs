//! What is wanted of a playground: what callers set, checked, and split into what rests as it is and the values of
//! its environment, which rest sealed.

use std::collections::{BTreeMap, BTreeSet};

use playground::template;
use serde::{Deserialize, Serialize};
use store::playgrounds::PlaygroundRow;
use wire::playgrounds::{NewPlayground, PlaygroundChange, ServiceSettings};

use super::{FieldErrors, SpecBody, service_settings};

/// The pseudo-service whose environment is that of all services.
const GLOBAL: &str = "_global";
const SERVICES_LIMIT: usize = 100;
const NAMES_LIMIT: usize = 1_000;
const VALUE_LIMIT: usize = 64 << 10;
const OVERRIDES_LIMIT: usize = 64 << 10;

/// The keys of `build` by service.
type BuildOverrides = BTreeMap<String, serde_json::Map<String, serde_json::Value>>;

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
    /// The values of the variables of the template.
    pub(crate) variables: BTreeMap<String, String>,
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
            variables: new.variables.unwrap_or_default(),
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
        if let Some(variables) = change.variables {
            environment.variables = variables;
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

    /// What is merged under the keys `build` of services.
    pub(crate) fn build_overrides(&self) -> Result<BuildOverrides, String> {
        let text = self.build_overrides_yaml.as_deref().unwrap_or("{}");
        if text.len() > OVERRIDES_LIMIT || text.contains('\0') {
            return Err(format!(
                "must have at most {OVERRIDES_LIMIT} bytes and no NUL"
            ));
        }
        serde_saphyr::from_str(text)
            .map_err(|error| format!("must be YAML, a map for each service: {error}"))
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
            service_settings::check(name, settings, errors);
        }
        service_settings::check_host_ports(&self.services, errors);
        for (name, subdomain) in &self.service_subdomains {
            if let Err(message) = service_settings::subdomain(subdomain) {
                errors.add("service_subdomains", format!("`{name}`: {message}"));
            }
        }
        match self.build_overrides() {
            Err(message) => errors.add("build_overrides_yaml", message),
            Ok(overrides) => {
                let unknown = |name: &&String| known.is_some_and(|known| !known.contains(*name));
                for name in overrides.keys().filter(unknown) {
                    let message = format!("has `{name}`, which is not a service of the playspec");
                    errors.add("build_overrides_yaml", message);
                }
            }
        }
    }
}

impl WantedEnvironment {
    /// Notes what is wrong. The template is the playspec's, where that alone says what it is.
    pub(crate) fn check(&self, spec: Option<&SpecBody>, errors: &mut FieldErrors) {
        check_values("variables", "", &self.variables, errors);
        if let Some(spec) = spec.filter(|spec| spec.compose_path.is_none()) {
            let template = template::read(&spec.base_compose_yaml);
            for message in template.values(&self.variables).err().into_iter().flatten() {
                errors.add("variables", message);
            }
        }
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
