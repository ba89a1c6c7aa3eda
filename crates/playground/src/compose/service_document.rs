//! One service of the document that is applied.

use serde_json::{Value, json};

use super::{
    ComposeService, HostPort, PlaygroundInstance, Properties, ServiceInstance, SourceMount,
    limits::object,
};
use crate::{labels::HealthcheckLabels, variables::escape};

/// Keys that mean nothing to an applied document, or that a playground decides itself.
const DROPPED: [&str; 6] = [
    "attach", "develop", "extends", "hostname", "profiles", "scale",
];

/// Completes a service with what its playground says.
pub(super) fn complete(
    name: &str,
    service: &mut ComposeService,
    known: &ServiceInstance,
    instance: &PlaygroundInstance,
) {
    let replicas = service.replicas();
    service.rest.retain(|key, value| {
        !value.is_null() && !key.starts_with("x-") && !DROPPED.contains(&key.as_str())
    });
    image(name, service, known, &instance.project);
    environment(service, known);
    if known.routed || instance.job_mode {
        service.ports.clear();
    }
    for port in &known.host_ports {
        publish(service, *port);
    }
    if let Some(command) = &known.start_command {
        let command = json!(["sh", "-c", escape(command)]);
        service.rest.insert("command".to_owned(), command);
    }
    if let Some((check, port)) = &known.healthcheck {
        let check = healthcheck(check, *port);
        service.rest.insert("healthcheck".to_owned(), check);
    }
    if let Some(source) = &known.source {
        mount(service, source, false);
    }
    for file in &known.files {
        let place = SourceMount {
            checkout: file.source.clone(),
            target: file.target.clone(),
        };
        mount(service, &place, file.read_only);
    }
    service.rest.entry("init").or_insert(Value::Bool(true));
    // What containers print must not fill the disk of the host.
    let bounded = json!({"driver": "json-file", "options": {"max-file": "3", "max-size": "10m"}});
    service.rest.entry("logging").or_insert(bounded);
    if service.networks.is_empty() && !service.rest.contains_key("network_mode") {
        service.networks.insert("default".to_owned(), None);
    }
    if instance.job_mode {
        run_once(service);
    } else if replicas != 1 {
        let deploy = service.deploy.get_or_insert_default();
        deploy.insert("replicas".to_owned(), replicas.into());
    }
    instance.limits.apply(service);
}

/// The image has a name of the project's own: a build must never replace an image that others use.
fn image(name: &str, service: &mut ComposeService, known: &ServiceInstance, project: &str) {
    if let Some(image) = &known.image {
        service.image = Some(escape(image));
        service.build = None;
        if known.built {
            service
                .rest
                .insert("pull_policy".to_owned(), "never".into());
        }
    } else if let Some(build) = &mut service.build {
        build.remove("tags");
        service.image = Some(format!("{project}-{name}"));
    }
}

fn environment(service: &mut ComposeService, known: &ServiceInstance) {
    // A variable without a value would come from the environment of the compose tool.
    service.environment.retain(|_, value| value.is_some());
    if let Some(environment) = &known.environment {
        let pairs = environment.iter();
        service.environment = pairs
            .map(|(key, value)| (key.clone(), Some(escape(value))))
            .collect();
    }
}

/// Mounts a path of the host, in the place of whatever the blueprint has there.
fn mount(service: &mut ComposeService, place: &SourceMount, read_only: bool) {
    let target = escape(&place.target);
    let same = |mount: &Properties| {
        let there = mount.get("target").and_then(Value::as_str);
        there.map(|there| there.trim_end_matches('/')) == Some(target.trim_end_matches('/'))
    };
    service.volumes.retain(|mount| !same(mount));
    let mut mount = Properties::new();
    mount.insert("type".to_owned(), "bind".into());
    mount.insert("source".to_owned(), escape(&place.checkout).into());
    mount.insert("target".to_owned(), target.into());
    if read_only {
        mount.insert("read_only".to_owned(), true.into());
    }
    // A path that is missing is an error, not an empty directory.
    object(&mut mount, "bind").insert("create_host_path".to_owned(), false.into());
    service.volumes.push(mount);
}

/// Publishes a port of the host, in the place of what the blueprint has for the port of the container.
fn publish(service: &mut ComposeService, port: HostPort) {
    let mapped = json!({
        "mode": "ingress",
        "target": port.container,
        "published": port.host.to_string(),
        "protocol": "tcp",
    });
    let same = |one: &Properties| {
        let is_tcp = one.get("protocol").is_none_or(|protocol| protocol == "tcp");
        is_tcp && one.get("target") == mapped.get("target")
    };
    service.ports.retain(|one| !same(one));
    service.ports.extend(mapped.as_object().cloned());
}

fn healthcheck(check: &HealthcheckLabels, port: u16) -> Value {
    let url = escape(&format!("http://127.0.0.1:{port}{}", check.path)).replace('\'', "%27");
    // Images have one of the two, if any.
    let test = format!("wget -q -O /dev/null '{url}' || curl -fsS -o /dev/null '{url}'");
    let milliseconds = |number: u64| format!("{number}ms");
    json!({
        "test": ["CMD-SHELL", test],
        "interval": milliseconds(check.interval_ms),
        "timeout": milliseconds(check.timeout_ms),
        "start_period": milliseconds(check.start_period_ms),
        "retries": check.retries,
    })
}

/// A service of a job: one container that is started once.
fn run_once(service: &mut ComposeService) {
    service.rest.insert("restart".to_owned(), "no".into());
    if let Some(deploy) = &mut service.deploy {
        deploy.remove("restart_policy");
        deploy.remove("replicas");
        if deploy.get("mode").is_some_and(|mode| mode != "replicated") {
            deploy.remove("mode");
        }
    }
}
