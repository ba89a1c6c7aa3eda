//! Paths of the host: where a playground may reach, and what leads to the engine.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Refusals, or_setting};
use crate::{compose::ComposeDocument, variables::unescape};

/// Directories of the host that belong to the playground.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaygroundPaths {
    /// Its project directory and its checkouts: absolute paths without links.
    pub own: Vec<String>,
    /// Paths of the document and what they are when all links are followed. A path that is not named is taken as it
    /// stands, so the caller must resolve all [`host_paths`] first.
    pub resolved: BTreeMap<String, String>,
    /// Directories that services may write to besides those that the document mounts: checkouts that are mounted as
    /// sources.
    pub written: Vec<String>,
}

/// A path of the host that a document names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPath {
    /// The service; `None` for configs, secrets and volumes.
    pub service: Option<String>,
    /// The key.
    pub key: String,
    /// The path as it stands.
    pub path: String,
}

/// All paths of the host that a normalised document names: what has to be resolved before it is judged.
#[must_use]
pub fn host_paths(document: &ComposeDocument) -> Vec<HostPath> {
    let (policy, places) = Default::default();
    let mut refusals = Refusals::new(&policy, &places);
    let mut paths = Vec::new();
    for (name, service) in &document.services {
        refusals.service = Some(name.clone());
        super::mounts::each_bind(service, |key, path| {
            paths.push((Some(name), key, path.to_owned()));
        });
        if let Some(build) = &service.build {
            super::build::each_path(build, |key, path| paths.push((Some(name), key, path)));
        }
    }
    super::resources::each_path(document, |key, path| {
        paths.push((None, key, path.to_owned()));
    });
    let paths = paths.into_iter().map(|(service, key, path)| HostPath {
        service: service.cloned(),
        key,
        path: unescape(&path),
    });
    paths.collect()
}

/// What speaks to the engine, or is its own.
const ENGINE: [&str; 8] = [
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/run/containerd",
    "/run/docker",
    "/run/podman",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/var/lib/containers",
];

impl Refusals<'_> {
    /// A path of the document when all links are followed; `None` for one that is not absolute.
    pub(super) fn real(&self, written: &str) -> Option<String> {
        let written = unescape(written);
        lexical(self.places.resolved.get(&written).unwrap_or(&written))
    }

    /// Checks a path of the host.
    pub(super) fn path(&mut self, key: &str, written: &str) {
        let real = self.real(written);
        let written = unescape(written);
        let Some(path) = real else {
            return self.add(key, &written, "an absolute path is allowed");
        };
        if leads_to_engine(&path) && !self.policy.docker_socket {
            let allowed = or_setting(
                "nothing that leads to the engine is allowed",
                "docker_socket: true",
            );
            return self.add(key, &written, allowed);
        }
        let socket = path.ends_with("docker.sock") && self.policy.docker_socket;
        let mut roots = self.places.own.iter().chain(&self.policy.allowed_roots);
        if !socket && !roots.any(|root| lexical(root).is_some_and(|root| is_below(&path, &root))) {
            let roots: Vec<_> = self
                .policy
                .allowed_roots
                .iter()
                .map(String::as_str)
                .collect();
            let more = if roots.is_empty() {
                String::new()
            } else {
                format!(" and below {}", roots.join(", "))
            };
            let allowed = format!("paths inside the playground's own checkout{more} are allowed");
            self.add(key, &written, or_setting(&allowed, "allowed_roots"));
        }
    }
}

/// An absolute path without `.`, `..` and double slashes. Links are not followed.
pub(super) fn lexical(path: &str) -> Option<String> {
    let rest = path.strip_prefix('/')?;
    let mut parts = Vec::new();
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(format!("/{}", parts.join("/")))
}

/// True for the directory itself and everything below it. Both are lexical.
pub(super) fn is_below(path: &str, root: &str) -> bool {
    let rest = path.strip_prefix(root.trim_end_matches('/'));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Sockets and directories of the engine, what is above them, and any socket that is named as one.
fn leads_to_engine(path: &str) -> bool {
    let named = path.ends_with("/docker.sock")
        || path.ends_with("/containerd.sock")
        || path.ends_with("/podman.sock");
    // `/var/run` is a link to `/run` on the hosts that we know.
    let other = path
        .strip_prefix("/var/run")
        .filter(|rest| rest.is_empty() || rest.starts_with('/'));
    let path = other.map_or_else(|| path.to_owned(), |rest| format!("/run{rest}"));
    let engine = ENGINE
        .iter()
        .any(|engine| is_below(engine, &path) || is_below(&path, engine));
    named || engine
}

/// True for what the compose tool or the builder would fetch.
pub(super) fn is_remote(text: &str) -> bool {
    let scheme = text.contains("://") || text.starts_with("oci:");
    let host = text.split_once('/').map_or(text, |(host, _)| host);
    let git = text.starts_with("git@")
        || text.starts_with("github.com/")
        || (host.contains('@') && host.contains(':'));
    scheme || git
}

/// A path inside a directory, joined as the compose tool does it.
pub(super) fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{base}/{path}")
    }
}

/// The text of a key, if there is one.
pub(super) fn text<'a>(map: &'a crate::compose::Properties, key: &str) -> Option<&'a str> {
    map.get(key).and_then(Value::as_str)
}
