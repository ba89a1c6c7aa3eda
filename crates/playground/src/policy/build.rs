//! Builds: what they read from the host, and where they run.

use serde_json::Value;

use super::{
    Refusals, is_on,
    namespaces::items,
    or_setting,
    paths::{is_remote, join, text},
    reserved::own_image,
    shown,
};
use crate::compose::Properties;

/// Keys that concern the build alone, whatever their value.
const HARMLESS: [&str; 16] = [
    "additional_contexts",
    "args",
    "cache_from",
    "cache_to",
    "context",
    "dockerfile",
    "dockerfile_inline",
    "extra_hosts",
    "labels",
    "no_cache",
    "platforms",
    "pull",
    "secrets",
    "shm_size",
    "target",
    "ulimits",
];

pub(super) fn check(build: &Properties, refusals: &mut Refusals<'_>) {
    for (key, value) in build {
        let key = key.as_str();
        if HARMLESS.contains(&key) || key.starts_with("x-") || !is_on(value) {
            continue;
        }
        let policy = refusals.policy;
        let (kept, allowed, setting) = match key {
            "network" if shown(value) == "none" || shown(value) == "default" => continue,
            "network" => (
                policy.host_namespaces,
                "`none` and `default` are allowed",
                "host_namespaces: true",
            ),
            "ssh" => (policy.build_ssh, "remove the key", "build_ssh: true"),
            "privileged" | "entitlements" => {
                (policy.privileged, "remove the key", "privileged: true")
            }
            // They are replaced by a name of the project's own.
            "tags" => continue,
            _ => {
                let allowed = "remove the key: it is not known to concern the build alone";
                refusals.add_value(&format!("build.{key}"), value, allowed);
                continue;
            }
        };
        if !kept {
            refusals.add_value(&format!("build.{key}"), value, or_setting(allowed, setting));
        }
    }
    each_path(build, |key, path| refusals.path(&key, &path));
    remote(build, refusals);
    caches(build, refusals);
}

/// Visits the paths of the host that a build reads: contexts, and the Dockerfile.
pub(super) fn each_path(build: &Properties, mut visit: impl FnMut(String, String)) {
    let context = text(build, "context").unwrap_or_default();
    if !context.is_empty() && !is_remote(context) {
        visit("build.context".to_owned(), context.to_owned());
        if let Some(dockerfile) = text(build, "dockerfile") {
            visit("build.dockerfile".to_owned(), join(context, dockerfile));
        }
    }
    for (name, value) in contexts(build) {
        if !is_remote(&value) && !value.starts_with("service:") {
            visit(format!("build.additional_contexts.{name}"), value);
        }
    }
}

/// Contexts by name. Images and other services are contexts, too.
fn contexts(build: &Properties) -> Vec<(String, String)> {
    let contexts = build.get("additional_contexts").and_then(Value::as_object);
    let pairs = contexts.into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), shown(value)))
        .collect()
}

fn remote(build: &Properties, refusals: &mut Refusals<'_>) {
    for (name, value) in contexts(build) {
        if let Some(image) = value.strip_prefix("docker-image://") {
            own_image(
                &format!("build.additional_contexts.{name}"),
                image,
                refusals,
            );
        }
    }
    if refusals.policy.remote_sources {
        return;
    }
    let allowed = or_setting(
        "a directory of the checkout is allowed",
        "remote_sources: true",
    );
    let context = text(build, "context").filter(|context| is_remote(context));
    if let Some(context) = context {
        refusals.add("build.context", context, allowed.clone());
    }
    for (name, value) in contexts(build) {
        if is_remote(&value) && !value.starts_with("docker-image://") {
            refusals.add(
                &format!("build.additional_contexts.{name}"),
                &value,
                allowed.clone(),
            );
        }
    }
}

/// A cache may be a directory of the host; those of a registry are not.
fn caches(build: &Properties, refusals: &mut Refusals<'_>) {
    for key in ["cache_from", "cache_to"] {
        for item in build.get(key).into_iter().flat_map(items) {
            let cache = shown(item);
            let mut fields = cache.split(',').map(str::trim);
            let kind = fields.find_map(|field| field.strip_prefix("type="));
            let plain = kind.is_none() && !cache.contains('=');
            if !plain && !matches!(kind, Some("registry" | "inline")) {
                let allowed = "an image, `type=registry` and `type=inline` are allowed";
                refusals.add(&format!("build.{key}"), &cache, allowed);
            }
        }
    }
}
