//! Mounts below what a container may write to. The engine looks a path up again whenever a container starts: one that
//! a container has replaced by a link would lead anywhere on the host.

use std::collections::BTreeSet;

use super::{
    Refusals,
    paths::{is_below, text},
};
use crate::compose::{ComposeDocument, ComposeService};

/// Refuses mounts, and files that are mounted, below directories that services write to.
pub(super) fn check(document: &ComposeDocument, refusals: &mut Refusals<'_>) {
    if refusals.policy.nested_mounts {
        return;
    }
    let written = refusals.places.written.iter();
    let mut written: BTreeSet<String> = written.filter_map(|path| refusals.real(path)).collect();
    for service in document.services.values() {
        let sources = writable(service).into_iter();
        written.extend(sources.filter_map(|source| refusals.real(source)));
    }
    for (name, service) in &document.services {
        refusals.service = Some(name.clone());
        super::mounts::each_bind(service, |key, path| nested(&key, path, &written, refusals));
    }
    refusals.service = None;
    super::resources::each_path(document, |key, path| nested(&key, path, &written, refusals));
}

/// The sources of the bind mounts that a service may write to.
fn writable(service: &ComposeService) -> Vec<&str> {
    let mounts = service.volumes.iter();
    let writable = mounts.filter(|mount| {
        text(mount, "type") == Some("bind") && mount.get("read_only") != Some(&true.into())
    });
    writable.filter_map(|mount| text(mount, "source")).collect()
}

fn nested(key: &str, path: &str, written: &BTreeSet<String>, refusals: &mut Refusals<'_>) {
    let Some(real) = refusals.real(path) else {
        return;
    };
    let above = written
        .iter()
        .find(|above| real != **above && is_below(&real, above));
    if let Some(above) = above {
        let allowed = format!(
            "a service may write to {above} and replace it by a link: mount that directory read-only, or all of it, \
             is allowed"
        );
        refusals.add(
            key,
            path,
            super::or_setting(&allowed, "nested_mounts: true"),
        );
    }
}
