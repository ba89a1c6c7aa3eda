//! Networks, volumes, configs and secrets of the document.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Refusals, is_on, lists, or_setting, paths::text, reserved::labels, shown};
use crate::compose::{ComposeDocument, Properties};

pub(super) fn check(document: &ComposeDocument, refusals: &mut Refusals<'_>) {
    for (key, value) in &document.rest {
        if !key.starts_with("x-") && key != "version" && is_on(value) {
            refusals.add_value(
                key,
                value,
                "remove the key: it is not known to concern the playground alone",
            );
        }
    }
    for (key, network) in present(&document.networks) {
        self::network(&format!("networks.{key}"), key, network, refusals);
    }
    for (key, volume) in present(&document.volumes) {
        self::volume(&format!("volumes.{key}"), key, volume, refusals);
    }
    for (kind, resources) in files(document) {
        for (key, file) in present(resources) {
            self::file(&format!("{kind}.{key}"), file, refusals);
        }
    }
}

fn present(
    resources: &BTreeMap<String, Option<Properties>>,
) -> impl Iterator<Item = (&String, &Properties)> {
    resources
        .iter()
        .filter_map(|(key, resource)| Some((key, resource.as_ref()?)))
}

fn files(document: &ComposeDocument) -> [(&'static str, &BTreeMap<String, Option<Properties>>); 2] {
    [
        ("configs", &document.configs),
        ("secrets", &document.secrets),
    ]
}

/// Visits the paths of the host that configs, secrets and volumes name.
pub(super) fn each_path(document: &ComposeDocument, mut visit: impl FnMut(String, &str)) {
    for (kind, resources) in files(document) {
        for (key, file) in present(resources) {
            if let Some(path) = text(file, "file") {
                visit(format!("{kind}.{key}.file"), path);
            }
        }
    }
    for (key, volume) in present(&document.volumes) {
        if let Some(path) = bound(volume) {
            visit(format!("volumes.{key}.driver_opts.device"), path);
        }
    }
}

/// The directory of a volume that is a bind mount under another name.
fn bound(volume: &Properties) -> Option<&str> {
    let options = volume.get("driver_opts")?.as_object()?;
    let kind = text(options, "type").unwrap_or("none");
    let mut flags = text(options, "o")?.split(',');
    let only_binds = flags
        .clone()
        .all(|flag| matches!(flag, "bind" | "rbind" | "ro" | "rw"));
    let binds = flags.any(|flag| flag == "bind" || flag == "rbind");
    let known = options
        .keys()
        .all(|key| matches!(key.as_str(), "device" | "o" | "type"));
    text(options, "device").filter(|_| kind == "none" && binds && only_binds && known)
}

/// True when it is external; refused unless the playroom lists its name.
fn external(
    place: &str,
    key: &str,
    resource: &Properties,
    listed: &[String],
    refusals: &mut Refusals<'_>,
) -> bool {
    if !resource.get("external").is_some_and(is_on) {
        return false;
    }
    let name = text(resource, "name").unwrap_or(key);
    if !lists(listed, name) {
        let setting = if place.starts_with("networks") {
            "external_networks"
        } else {
            "external_volumes"
        };
        let allowed = or_setting(
            "one that belongs to the playground is allowed: remove `external`",
            setting,
        );
        refusals.add(&format!("{place}.external"), name, allowed);
    }
    true
}

fn network(place: &str, key: &str, network: &Properties, refusals: &mut Refusals<'_>) {
    let known = [
        "attachable",
        "driver",
        "driver_opts",
        "enable_ipv4",
        "enable_ipv6",
        "external",
        "internal",
        "ipam",
        "labels",
        "name",
    ];
    refusals.unknown(place, network, &known);
    own_labels(place, network, refusals);
    let listed = &refusals.policy.external_networks;
    if external(place, key, network, listed, refusals) {
        return;
    }
    let driver = text(network, "driver").unwrap_or_default();
    if !matches!(driver, "" | "bridge") && !lists(&refusals.policy.network_drivers, driver) {
        let allowed = or_setting("`bridge` is allowed", "network_drivers");
        refusals.add(&format!("{place}.driver"), driver, allowed);
    }
    let options = network.get("driver_opts").and_then(Value::as_object);
    for (option, value) in options.into_iter().flatten() {
        let harmless = [
            "com.docker.network.driver.mtu",
            "com.docker.network.bridge.enable_icc",
        ];
        if !harmless.contains(&option.as_str()) {
            let allowed = format!("the options {} are allowed", harmless.join(" and "));
            refusals.add_value(&format!("{place}.driver_opts.{option}"), value, allowed);
        }
    }
    let ipam = network.get("ipam").and_then(Value::as_object);
    for (part, value) in ipam.into_iter().flatten() {
        let default = part == "driver" && shown(value) == "default";
        if is_on(value) && !default && !refusals.policy.fixed_subnets {
            let allowed = or_setting(
                "a subnet that the engine chooses is allowed: remove `ipam`",
                "fixed_subnets: true",
            );
            refusals.add_value(&format!("{place}.ipam.{part}"), value, allowed);
        }
    }
}

fn volume(place: &str, key: &str, volume: &Properties, refusals: &mut Refusals<'_>) {
    refusals.unknown(
        place,
        volume,
        &["driver", "driver_opts", "external", "labels", "name"],
    );
    own_labels(place, volume, refusals);
    let listed = &refusals.policy.external_volumes;
    if external(place, key, volume, listed, refusals) {
        return;
    }
    let driver = text(volume, "driver").unwrap_or_default();
    if !matches!(driver, "" | "local") {
        if !lists(&refusals.policy.volume_drivers, driver) {
            let allowed = or_setting("`local` is allowed", "volume_drivers");
            refusals.add(&format!("{place}.driver"), driver, allowed);
        }
        return;
    }
    let Some(options) = volume.get("driver_opts").filter(|options| is_on(options)) else {
        return;
    };
    let memory = options.get("type").map(shown).as_deref() == Some("tmpfs")
        && options.get("device").map(shown).as_deref() == Some("tmpfs");
    if let Some(path) = bound(volume) {
        refusals.path(&format!("{place}.driver_opts.device"), path);
    } else if !memory {
        let allowed = "a volume without options is allowed, and one of type `tmpfs`";
        refusals.add_value(&format!("{place}.driver_opts"), options, allowed);
    }
}

/// A config or a secret.
fn file(place: &str, file: &Properties, refusals: &mut Refusals<'_>) {
    refusals.unknown(
        place,
        file,
        &["content", "environment", "file", "labels", "name"],
    );
    own_labels(place, file, refusals);
    if let Some(path) = text(file, "file") {
        refusals.path(&format!("{place}.file"), path);
    }
}

fn own_labels(place: &str, resource: &Properties, refusals: &mut Refusals<'_>) {
    let found = resource.get("labels").and_then(Value::as_object);
    let pairs = found.into_iter().flatten();
    let pairs = pairs.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
    labels(pairs, &format!("{place}.labels"), refusals);
}
