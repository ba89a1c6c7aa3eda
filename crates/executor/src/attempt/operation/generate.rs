//! The document that is applied: of the prepared one, with what the playground adds.

use std::collections::{BTreeMap, BTreeSet};

use playground::{
    compose::{
        ComposeDocument, ComposeService, FileMount, GeneratedCompose, PlaygroundInstance,
        ServiceInstance, SourceMount, generate, to_yaml,
    },
    project::persistent_volume_prefix,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    context::Operation,
    error::OperationError,
    prepare::{Prepared, setting},
    services::ServiceSource,
    sources::Sources,
};
use crate::playrooms::CONFIG_LABEL;

impl Operation<'_> {
    /// The document of this playground.
    pub(super) fn generate(
        &self,
        prepared: &Prepared,
        sources: &Sources,
        built: &BTreeMap<String, String>,
        files: &BTreeMap<String, Vec<FileMount>>,
    ) -> Result<GeneratedCompose, OperationError> {
        let target = self.target();
        let routed = prepared.routed();
        let services = prepared.sources.iter().map(|(name, source)| {
            let environment = prepared.environments.get(name);
            let route = prepared.routes.iter().find(|route| route.service == *name);
            let port = route.map_or(80, |route| route.port);
            let instance = ServiceInstance {
                routed: routed.contains(name),
                environment: environment.map(|merged| merged.values()),
                image: built.get(name).cloned().or_else(|| source.image()),
                built: built.contains_key(name),
                source: mount(name, source, sources),
                start_command: source.start_command(),
                healthcheck: source.healthcheck().map(|check| (check, port)),
                files: files.get(name).cloned().unwrap_or_default(),
                host_ports: source.host_ports(),
            };
            (name.clone(), instance)
        });
        let prefix = || persistent_volume_prefix(target.playspec_id, target.playroom_id);
        let instance = PlaygroundInstance {
            id: target.id,
            project: target.project.clone(),
            owner: target.owner.clone(),
            job_mode: target.job_mode,
            volume_prefix: target.persist_volumes.then(prefix),
            limits: setting(&self.input.limits, "limits")?,
            services: services.collect(),
        };
        Ok(generate(&prepared.document, &instance))
    }
}

/// The checkout of a service as it is mounted, if it is.
fn mount(name: &str, source: &ServiceSource, sources: &Sources) -> Option<SourceMount> {
    let checkout = sources.checkouts.get(name)?;
    Some(SourceMount {
        checkout: checkout.files.to_string_lossy().into_owned(),
        target: source.source_mount()?,
    })
}

/// The document with the label on each service that tells its containers from older ones.
pub(super) fn labelled(
    document: &ComposeDocument,
    images: &BTreeMap<String, String>,
) -> GeneratedCompose {
    let mut labelled = document.clone();
    for (name, service) in &mut labelled.services {
        let config = config(document, name, images.get(name));
        service.labels.insert(CONFIG_LABEL.to_owned(), config);
    }
    let value = serde_json::to_value(&labelled).unwrap_or_default();
    GeneratedCompose {
        yaml: to_yaml(&value),
        document: labelled,
    }
}

/// The document without that label.
pub(super) fn unlabelled(mut document: ComposeDocument) -> ComposeDocument {
    for service in document.services.values_mut() {
        service.labels.remove(CONFIG_LABEL);
    }
    document
}

/// What a service's containers are made from, in short: the service, what it uses, and its image.
fn config(document: &ComposeDocument, name: &str, image: Option<&String>) -> String {
    let Some(service) = document.services.get(name) else {
        return String::new();
    };
    let mut alone = service.clone();
    // Neither says anything about a container.
    alone.depends_on.clear();
    if let Some(deploy) = &mut alone.deploy {
        deploy.remove("replicas");
    }
    let networks: BTreeMap<_, _> = service
        .networks
        .keys()
        .map(|key| (key, document.networks.get(key)))
        .collect();
    let mounted = mounted(service);
    let volumes: BTreeMap<_, _> = mounted
        .iter()
        .map(|key| (key, document.volumes.get(key)))
        .collect();
    let text = json!([alone, networks, volumes, image]).to_string();
    let digest = Sha256::digest(text);
    digest
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The named volumes that it mounts.
fn mounted(service: &ComposeService) -> BTreeSet<String> {
    let volumes = service.volumes.iter();
    let source = |key: &str, mount: &serde_json::Map<String, Value>| {
        mount.get(key).and_then(Value::as_str).map(str::to_owned)
    };
    let named = volumes.filter(|mount| source("type", mount).as_deref() == Some("volume"));
    named.filter_map(|mount| source("source", mount)).collect()
}
