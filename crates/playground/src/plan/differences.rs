//! Which keys of a service differ between two documents, as far as its containers depend on them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PlanInput;
use crate::compose::{ComposeDocument, ComposeService, Properties};

/// Keys on which a running container does not depend. A new build shows in the image's id.
const NOT_OF_A_CONTAINER: [&str; 3] = ["build", "depends_on", "pull_policy"];

/// Keys whose entries are compared one by one.
const BY_ENTRY: [&str; 3] = ["deploy", "environment", "labels"];

/// The keys that differ, sorted; nothing when the containers may stay.
pub(super) fn differences(name: &str, input: &PlanInput<'_>) -> Vec<String> {
    let applied = input
        .applied
        .and_then(|document| document.services.get(name).map(|s| (document, s)));
    let (Some((applied, before)), Some(after)) = (applied, input.wanted.services.get(name)) else {
        return Vec::new();
    };
    let mut keys = BTreeSet::new();
    compare("", &properties(before), &properties(after), &mut keys);
    let images = (
        input.applied_images.get(name),
        input.wanted_images.get(name),
    );
    match images {
        // The same image may have two names, and a name may get a new image.
        (Some(one), Some(other)) if one == other => {
            keys.remove("image");
        }
        (Some(_), Some(_)) => {
            keys.insert("image".to_owned());
        }
        _ => {}
    }
    keys.extend(resources(applied, before, input.wanted, after));
    keys.into_iter().collect()
}

/// A service as a map, without what its containers do not depend on.
fn properties(service: &ComposeService) -> Properties {
    let value = serde_json::to_value(service).unwrap_or_default();
    let mut map = match value {
        Value::Object(map) => map,
        _ => Properties::new(),
    };
    map.retain(|key, value| !NOT_OF_A_CONTAINER.contains(&key.as_str()) && !value.is_null());
    map.remove("scale");
    if let Some(Value::Object(deploy)) = map.get_mut("deploy") {
        deploy.remove("replicas");
        if deploy.is_empty() {
            map.remove("deploy");
        }
    }
    map
}

fn compare(place: &str, before: &Properties, after: &Properties, keys: &mut BTreeSet<String>) {
    let none = Properties::new();
    for key in before.keys().chain(after.keys()) {
        let (one, other) = (before.get(key), after.get(key));
        if one == other {
            continue;
        }
        let path = format!("{place}{key}");
        if place.is_empty() && BY_ENTRY.contains(&key.as_str()) {
            let map = |value: Option<&Value>| value.and_then(Value::as_object).cloned();
            let (one, other) = (
                map(one).unwrap_or_else(|| none.clone()),
                map(other).unwrap_or_else(|| none.clone()),
            );
            compare(&format!("{path}."), &one, &other, keys);
        } else {
            keys.insert(path);
        }
    }
}

/// The networks, volumes, configs and secrets that a service uses and that are no longer the same.
fn resources(
    applied: &ComposeDocument,
    before: &ComposeService,
    wanted: &ComposeDocument,
    after: &ComposeService,
) -> Vec<String> {
    type Resources = BTreeMap<String, Option<Properties>>;
    let kinds: [(&str, &Resources, &Resources); 4] = [
        ("networks", &applied.networks, &wanted.networks),
        ("volumes", &applied.volumes, &wanted.volumes),
        ("configs", &applied.configs, &wanted.configs),
        ("secrets", &applied.secrets, &wanted.secrets),
    ];
    let mut changed = Vec::new();
    for (kind, one, other) in kinds {
        let used = uses(before, kind)
            .into_iter()
            .filter(|key| uses(after, kind).contains(key));
        let different = used.filter(|key| one.get(key) != other.get(key));
        changed.extend(different.map(|key| format!("{kind}.{key}")));
    }
    changed
}

/// The keys of the resources of a kind that a service uses.
pub(super) fn uses(service: &ComposeService, kind: &str) -> BTreeSet<String> {
    let source = |mount: &Value| {
        mount
            .get("source")
            .and_then(Value::as_str)
            .map(str::to_owned)
    };
    match kind {
        "networks" => service.networks.keys().cloned().collect(),
        "volumes" => {
            let volumes = service.volumes.iter();
            let named =
                volumes.filter(|mount| mount.get("type").and_then(Value::as_str) == Some("volume"));
            let sources =
                named.filter_map(|mount| mount.get("source")?.as_str().map(str::to_owned));
            sources.collect()
        }
        _ => {
            let listed = service.rest.get(kind).and_then(Value::as_array);
            listed.into_iter().flatten().filter_map(source).collect()
        }
    }
}
