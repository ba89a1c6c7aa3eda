//! From a normalised document and a playground to the document that is applied.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{
    ComposeDocument, PlaygroundInstance, Properties, emit::to_yaml, service_document, volumes,
};
use crate::{
    project::{SERVICE_LABEL, marks, persistent_marks},
    variables::escape,
};

/// The document that is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct GeneratedCompose {
    /// As a value.
    pub document: ComposeDocument,
    /// As text.
    pub yaml: String,
}

/// Makes the document of one playground. Generating from what was generated gives the same again.
///
/// The document bears our marks on every service, network, volume (also those without a name) and build; volumes that outlive the playground have
/// marks of their own. Names of networks and volumes are those of the project (of `volume_prefix`, for volumes that
/// outlive it), so that two playgrounds never share one by name.
#[must_use]
pub fn generate(document: &ComposeDocument, instance: &PlaygroundInstance) -> GeneratedCompose {
    let marks = marks(instance.id, &instance.project, &instance.owner);
    let mut document = document.clone();
    document.name = Some(instance.project.clone());
    document
        .rest
        .retain(|key, _| !key.starts_with("x-") && key != "version");
    let default = super::ServiceInstance::default();
    for (name, service) in &mut document.services {
        let known = instance.services.get(name).unwrap_or(&default);
        service_document::complete(name, service, known, instance);
        let mut marks = marks.clone();
        marks.insert(SERVICE_LABEL.to_owned(), name.clone());
        if let Some(build) = &mut service.build {
            label(build, &marks);
        }
        service.labels.extend(escaped(&marks));
        volumes::own(service, &marks);
    }
    let uses_default = document
        .services
        .values()
        .any(|s| s.networks.contains_key("default"));
    if uses_default {
        document.networks.entry("default".to_owned()).or_default();
    }
    own(&mut document.networks, &instance.project, &marks);
    match &instance.volume_prefix {
        Some(prefix) => {
            let marks = persistent_marks(prefix, &instance.owner);
            own(&mut document.volumes, prefix, &marks);
        }
        None => own(&mut document.volumes, &instance.project, &marks),
    }
    for resources in [&mut document.configs, &mut document.secrets] {
        for (key, resource) in resources {
            name(resource.get_or_insert_default(), key, &instance.project);
        }
    }
    let value = serde_json::to_value(&document).unwrap_or_default();
    GeneratedCompose {
        yaml: to_yaml(&value),
        document,
    }
}

/// Gives networks or volumes our names and marks. Those that exist outside of the playground stay as they are.
fn own(
    resources: &mut BTreeMap<String, Option<Properties>>,
    prefix: &str,
    marks: &BTreeMap<String, String>,
) {
    for (key, resource) in resources {
        let resource = resource.get_or_insert_default();
        if name(resource, key, prefix) {
            label(resource, marks);
        }
    }
}

/// False for a resource that exists outside of the playground.
fn name(resource: &mut Properties, key: &str, prefix: &str) -> bool {
    resource.retain(|key, _| !key.starts_with("x-"));
    if resource.get("external").and_then(Value::as_bool) == Some(true) {
        return false;
    }
    resource.insert("name".to_owned(), format!("{prefix}_{key}").into());
    true
}

/// Adds the marks to the labels, which may stand as a map or as a list.
pub(super) fn label(resource: &mut Properties, marks: &BTreeMap<String, String>) {
    let mut labels = match resource.remove("labels") {
        Some(Value::Object(labels)) => labels,
        Some(Value::Array(items)) => items.iter().filter_map(pair).collect(),
        _ => Properties::new(),
    };
    labels.extend(escaped(marks).map(|(key, value)| (key, value.into())));
    resource.insert("labels".to_owned(), Value::Object(labels));
}

fn pair(item: &Value) -> Option<(String, Value)> {
    let text = item.as_str()?;
    let (key, value) = text.split_once('=').unwrap_or((text, ""));
    Some((key.to_owned(), value.into()))
}

fn escaped(marks: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    marks
        .iter()
        .map(|(key, value)| (key.clone(), escape(value)))
}
