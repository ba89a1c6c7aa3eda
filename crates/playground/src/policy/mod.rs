//! What a playground may not do to its host. Everything that is not known to be harmless is refused; a playroom can
//! allow more.
//!
//! [`check_text`] looks at Compose text before the compose tool reads the files that it names, [`check`] at the
//! normalised document. Both find all refusals at once.

mod build;
mod deploy;
mod mounts;
mod namespaces;
mod nested;
mod paths;
mod reserved;
mod resources;
mod service_keys;
mod text;

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::compose::{ComposeDocument, HostPort, ResourceLimits};
pub use paths::{HostPath, PlaygroundPaths, host_paths};
pub use text::check_text;

/// What a playroom allows more. The default allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// Directories of the host whose content may be mounted and built: absolute paths.
    pub allowed_roots: Vec<String>,
    /// `privileged`, also of builds and hooks.
    pub privileged: bool,
    /// The host's network, process, IPC, UTS, user and cgroup namespaces.
    pub host_namespaces: bool,
    /// Devices of the host, by path; `*` is any.
    pub devices: Vec<String>,
    /// `gpus`, and devices reserved below `deploy`.
    pub gpus: bool,
    /// Added capabilities, by name without `CAP_`; `ALL` is any.
    pub capabilities: Vec<String>,
    /// Options of `security_opt`, literally.
    pub security_options: Vec<String>,
    /// Names of `sysctls` beyond those that belong to the container.
    pub sysctls: Vec<String>,
    /// Names of `runtime`.
    pub runtimes: Vec<String>,
    /// Mounts of the engine's socket and of the directories above it.
    pub docker_socket: bool,
    /// Mounts below directories that services may write to.
    pub nested_mounts: bool,
    /// `container_name`.
    pub container_names: bool,
    /// Ports of the host that are chosen by the blueprint.
    pub fixed_ports: bool,
    /// Subnets that are chosen by the blueprint.
    pub fixed_subnets: bool,
    /// Networks that exist outside of the playground, by name.
    pub external_networks: Vec<String>,
    /// Volumes that exist outside of the playground, by name.
    pub external_volumes: Vec<String>,
    /// Drivers of networks beside `bridge`.
    pub network_drivers: Vec<String>,
    /// Drivers of volumes beside `local`.
    pub volume_drivers: Vec<String>,
    /// Drivers of logs beside `json-file`, `local` and `none`.
    pub log_drivers: Vec<String>,
    /// Contexts of builds and included files that are fetched from elsewhere.
    pub remote_sources: bool,
    /// `ssh` of builds: the agent of the host.
    pub build_ssh: bool,
    /// How many containers a service may have; 10 without it.
    pub replicas: Option<u64>,
    /// The most that a service may set for itself.
    pub ceiling: Option<ResourceLimits>,
}

/// One thing that is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Refusal {
    /// The service; `None` for what stands outside of services.
    pub service: Option<String>,
    /// The key, as a path from the service or from the document: `build.context`.
    pub key: String,
    /// The value that is refused, as it stands.
    pub value: String,
    /// What would be allowed.
    pub allowed: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(service) = &self.service {
            write!(f, "service `{service}`: ")?;
        }
        write!(
            f,
            "`{}: {}` is refused; {}",
            self.key, self.value, self.allowed
        )
    }
}

/// All that a playground may not do, in the order of services and keys. `routed` are the services whose ports are not
/// published, because the router reaches them.
#[must_use]
pub fn check(
    document: &ComposeDocument,
    policy: &Policy,
    places: &PlaygroundPaths,
    routed: &BTreeSet<String>,
) -> Vec<Refusal> {
    let mut refusals = Refusals::new(policy, places);
    for (name, service) in &document.services {
        refusals.service = Some(name.clone());
        service_keys::check(service, routed.contains(name), &mut refusals);
    }
    refusals.service = None;
    resources::check(document, &mut refusals);
    nested::check(document, &mut refusals);
    refusals.found.sort();
    refusals.found.dedup();
    refusals.found
}

/// Refuses an image that a playground names for a service and that belongs to another playground.
#[must_use]
pub fn check_image(service: &str, image: &str) -> Option<Refusal> {
    let (policy, places) = Default::default();
    let mut refusals = Refusals::new(&policy, &places);
    refusals.service = Some(service.to_owned());
    reserved::own_image("image", image, &mut refusals);
    refusals.found.pop()
}

/// Refuses ports of the host that a playground chooses for a service.
#[must_use]
pub fn check_port_mappings(service: &str, ports: &[HostPort], policy: &Policy) -> Vec<Refusal> {
    let places = PlaygroundPaths::default();
    let mut refusals = Refusals::new(policy, &places);
    refusals.service = Some(service.to_owned());
    for port in ports.iter().filter(|_| !policy.fixed_ports) {
        let allowed = or_setting("a route to the service is allowed", "fixed_ports: true");
        refusals.add("port_mappings", &port.host.to_string(), allowed);
    }
    refusals.found
}

/// What is refused so far, and by what it is judged.
struct Refusals<'a> {
    policy: &'a Policy,
    places: &'a PlaygroundPaths,
    service: Option<String>,
    found: Vec<Refusal>,
}

impl<'a> Refusals<'a> {
    fn new(policy: &'a Policy, places: &'a PlaygroundPaths) -> Self {
        Self {
            policy,
            places,
            service: None,
            found: Vec::new(),
        }
    }

    fn add(&mut self, key: &str, value: &str, allowed: impl Into<String>) {
        self.found.push(Refusal {
            service: self.service.clone(),
            key: key.to_owned(),
            value: value.to_owned(),
            allowed: allowed.into(),
        });
    }

    fn add_value(&mut self, key: &str, value: &Value, allowed: impl Into<String>) {
        self.add(key, &shown(value), allowed);
    }
}

/// A value for people: text as it is, everything else as JSON.
fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The sentence that names the setting of the playroom.
fn or_setting(allowed: &str, setting: &str) -> String {
    format!("{allowed}; the policy of the playroom can allow it with `{setting}`")
}

/// True when a list names the value, or any with `*`.
fn lists(list: &[String], value: &str) -> bool {
    list.iter().any(|listed| listed == "*" || listed == value)
}

/// Values that switch something on: a JSON `true`, or a text that is not empty and not `false`.
fn is_on(value: &Value) -> bool {
    match value {
        Value::Bool(on) => *on,
        Value::String(text) => !text.is_empty() && text != "false",
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Number(_) => true,
    }
}
