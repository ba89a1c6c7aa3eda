//! The keys of a service: harmless, judged, or refused because we do not know them.

use serde_json::Value;

use super::{
    Refusals, deploy, is_on, lists, mounts, namespaces as ns, or_setting,
    reserved::{labels, own_image},
    shown,
};
use crate::compose::{ComposeService, Properties};

/// Keys that concern the container alone, whatever their value.
const HARMLESS: [&str; 47] = [
    "attach",
    "cap_drop",
    "command",
    "configs",
    "cpu_count",
    "cpu_percent",
    "cpu_period",
    "cpu_quota",
    "cpu_shares",
    "cpus",
    "cpuset",
    "develop",
    "dns",
    "dns_opt",
    "dns_search",
    "domainname",
    "entrypoint",
    "expose",
    "extra_hosts",
    "group_add",
    "healthcheck",
    "hostname",
    "init",
    "links",
    "mac_address",
    "mem_limit",
    "mem_reservation",
    "mem_swappiness",
    "memswap_limit",
    "pids_limit",
    "platform",
    "profiles",
    "pull_policy",
    "pull_refresh_after",
    "read_only",
    "restart",
    "scale",
    "secrets",
    "shm_size",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "working_dir",
];

pub(super) fn check(service: &ComposeService, routed: bool, refusals: &mut Refusals<'_>) {
    for (key, value) in &service.rest {
        if HARMLESS.contains(&key.as_str()) || key.starts_with("x-") || !is_on(value) {
            continue;
        }
        other(key, value, refusals);
    }
    if let Some(image) = service.image.as_deref().filter(|_| service.build.is_none()) {
        own_image("image", image, refusals);
    }
    if let Some(build) = &service.build {
        super::build::check(build, refusals);
    }
    labels(
        service
            .labels
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
        "labels",
        refusals,
    );
    if !routed {
        ports(service, refusals);
    }
    mounts::check(service, refusals);
    networks(service, refusals);
    deploy::check(service, refusals);
}

fn other(key: &str, value: &Value, refusals: &mut Refusals<'_>) {
    let policy = refusals.policy;
    let (kept, allowed, setting) = match key {
        "pid" | "ipc" | "uts" | "userns_mode" | "cgroup" | "network_mode" => {
            return ns::namespace(key, value, refusals);
        }
        "cap_add" => return ns::capabilities(value, refusals),
        "security_opt" => return ns::security_options(value, refusals),
        "sysctls" => return ns::sysctls(value, refusals),
        "devices" => return ns::devices(value, refusals),
        "logging" => return ns::logging(value, refusals),
        "post_start" | "pre_stop" => return ns::hooks(key, value, refusals),
        "volumes_from" => return volumes_from(value, refusals),
        "oom_score_adj" if value.as_f64().is_some_and(|score| score >= 0.0) => return,
        "oom_score_adj" => (
            policy.privileged,
            "a number from 0 to 1000 is allowed",
            "privileged: true",
        ),
        "privileged" => (policy.privileged, "`false` is allowed", "privileged: true"),
        "oom_kill_disable" => (policy.privileged, "`false` is allowed", "privileged: true"),
        "device_cgroup_rules" => (
            lists(&policy.devices, "*"),
            "no device is allowed",
            "devices: ['*']",
        ),
        "gpus" => (policy.gpus, "no GPU is allowed", "gpus: true"),
        "use_api_socket" => (
            policy.docker_socket,
            "`false` is allowed",
            "docker_socket: true",
        ),
        "container_name" => (
            policy.container_names,
            "the name that Compose makes is allowed: remove the key",
            "container_names: true",
        ),
        "runtime" => (
            lists(&policy.runtimes, &shown(value)),
            "the engine's default runtime is allowed: remove the key",
            "runtimes",
        ),
        "cgroup_parent" => (
            policy.host_namespaces,
            "remove the key",
            "host_namespaces: true",
        ),
        _ => {
            return refusals.add_value(
                key,
                value,
                "remove the key: it is not known to concern the container alone",
            );
        }
    };
    if !kept {
        refusals.add_value(key, value, or_setting(allowed, setting));
    }
}

impl Refusals<'_> {
    /// Refuses the keys of a map that are not known, unless they have no effect.
    pub(super) fn unknown(&mut self, place: &str, map: &Properties, known: &[&str]) {
        for (key, value) in map {
            if !known.contains(&key.as_str()) && !key.starts_with("x-") && is_on(value) {
                let allowed = "remove the key: it is not known to concern the playground alone";
                self.add_value(&format!("{place}.{key}"), value, allowed);
            }
        }
    }
}

fn volumes_from(value: &Value, refusals: &mut Refusals<'_>) {
    for item in ns::items(value) {
        if shown(item).starts_with("container:") {
            refusals.add_value(
                "volumes_from",
                item,
                "volumes of another service are allowed: `SERVICE`",
            );
        }
    }
}

fn ports(service: &ComposeService, refusals: &mut Refusals<'_>) {
    for port in &service.ports {
        let published = port.get("published").filter(|value| is_on(value));
        if let Some(value) =
            published.filter(|value| shown(value) != "0" && !refusals.policy.fixed_ports)
        {
            let target = port.get("target").map(shown).unwrap_or_default();
            let allowed = format!(
                "a route to the service, or a port that the engine chooses (`\"{target}\"`), is allowed"
            );
            refusals.add_value("ports", value, or_setting(&allowed, "fixed_ports: true"));
        }
    }
}

fn networks(service: &ComposeService, refusals: &mut Refusals<'_>) {
    let known = [
        "aliases",
        "gw_priority",
        "interface_name",
        "ipv4_address",
        "ipv6_address",
        "mac_address",
        "priority",
    ];
    for (key, network) in &service.networks {
        if let Some(network) = network {
            refusals.unknown(&format!("networks.{key}"), network, &known);
        }
    }
}
