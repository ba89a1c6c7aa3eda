//! Volumes without a name: what a container has as long as it lives, where its service or its image says so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{ComposeDocument, ComposeService, Properties, generate::label, limits::object};
use crate::{
    project::{OWNER_LABEL, PLAYGROUND_LABEL, PROJECT_LABEL, SERVICE_LABEL},
    variables::{escape, unescape},
};

/// Puts our marks on the volumes without a name that a service has.
pub(super) fn own(service: &mut ComposeService, marks: &BTreeMap<String, String>) {
    for mount in &mut service.volumes {
        let is_volume = mount.get("type").and_then(Value::as_str) == Some("volume");
        let source = mount.get("source").and_then(Value::as_str);
        if is_volume && source.is_none_or(str::is_empty) {
            label(object(mount, "volume"), marks);
        }
    }
}

/// Names the volumes in a generated document that the images of its services declare, so that they bear our marks
/// as well: `declared` has the paths by service. What is mounted there already stays.
pub fn own_image_volumes(document: &mut ComposeDocument, declared: &BTreeMap<String, Vec<String>>) {
    for (name, service) in &mut document.services {
        // What it has from others may be at the same paths.
        if service.rest.contains_key("volumes_from") {
            continue;
        }
        let mut paths: Vec<&String> = declared.get(name).into_iter().flatten().collect();
        paths.sort();
        let free = paths.into_iter().filter(|path| !is_taken(service, path));
        let added: Vec<Properties> = free.map(|path| volume(path)).collect();
        service.volumes.extend(added);
        let labels = service.labels.iter();
        let marks = labels
            .filter(|(key, _)| MARKS.contains(&key.as_str()))
            .map(|(key, value)| (key.clone(), unescape(value)));
        let marks: BTreeMap<String, String> = marks.collect();
        own(service, &marks);
    }
}

/// The marks of what belongs to a service.
const MARKS: [&str; 4] = [PLAYGROUND_LABEL, PROJECT_LABEL, OWNER_LABEL, SERVICE_LABEL];

fn volume(path: &str) -> Properties {
    let pairs = [("type", "volume".to_owned()), ("target", escape(path))];
    let pairs = pairs.into_iter();
    pairs
        .map(|(key, value)| (key.to_owned(), value.into()))
        .collect()
}

/// Whether something is mounted at the path.
fn is_taken(service: &ComposeService, path: &str) -> bool {
    let same = |target: &str| {
        let target = unescape(target);
        target.trim_end_matches('/') == path.trim_end_matches('/')
    };
    let mut mounts = service.volumes.iter();
    let mounted = mounts.any(|mount| {
        mount
            .get("target")
            .and_then(Value::as_str)
            .is_some_and(same)
    });
    let memory: Vec<&str> = match service.rest.get("tmpfs") {
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    };
    // Such as `/run:size=64m`.
    let mut memory = memory.into_iter();
    mounted || memory.any(|one| same(one.split(':').next().unwrap_or(one)))
}
