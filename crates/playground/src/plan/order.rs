//! The order of services by what they need.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PlanError;
use crate::compose::{ComposeDocument, ComposeService};

/// The services in the order in which they start: each after those that it needs, by name where that leaves a choice.
///
/// # Errors
///
/// They depend on each other in a circle.
pub fn start_order(document: &ComposeDocument) -> Result<Vec<String>, PlanError> {
    let mut walk = Walk {
        document,
        open: Vec::new(),
        done: BTreeSet::new(),
        order: Vec::new(),
    };
    for name in document.services.keys() {
        walk.visit(name)?;
    }
    Ok(walk.order)
}

struct Walk<'a> {
    document: &'a ComposeDocument,
    /// The services whose needs are being visited, from the first.
    open: Vec<String>,
    done: BTreeSet<String>,
    order: Vec<String>,
}

impl Walk<'_> {
    fn visit(&mut self, name: &str) -> Result<(), PlanError> {
        if self.done.contains(name) {
            return Ok(());
        }
        if let Some(start) = self.open.iter().position(|open| open == name) {
            let mut circle = self.open.split_off(start);
            circle.push(name.to_owned());
            return Err(PlanError::Cycle(circle));
        }
        let Some(service) = self.document.services.get(name) else {
            return Ok(());
        };
        self.open.push(name.to_owned());
        for needed in needs(service) {
            self.visit(&needed)?;
        }
        self.open.pop();
        self.done.insert(name.to_owned());
        self.order.push(name.to_owned());
        Ok(())
    }
}

/// The services that have to be there first.
fn needs(service: &ComposeService) -> BTreeSet<String> {
    let links = service.rest.get("links").and_then(Value::as_array);
    let links = links.into_iter().flatten().filter_map(Value::as_str);
    let links = links.map(|link| link.split(':').next().unwrap_or(link).to_owned());
    let depends = service.depends_on.keys().cloned();
    depends
        .chain(links)
        .chain(shares(service).into_keys())
        .collect()
}

/// The services whose containers it uses, and the key by which it does: it has to be replaced with them.
pub(super) fn shares(service: &ComposeService) -> BTreeMap<String, &'static str> {
    let mut shared = BTreeMap::new();
    for key in ["ipc", "network_mode", "pid"] {
        if let Some(name) = service
            .text(key)
            .and_then(|text| text.strip_prefix("service:"))
        {
            shared.entry(name.to_owned()).or_insert(key);
        }
    }
    let from = service.rest.get("volumes_from").and_then(Value::as_array);
    for text in from.into_iter().flatten().filter_map(Value::as_str) {
        if !text.starts_with("container:") {
            let name = text.split(':').next().unwrap_or(text);
            shared.entry(name.to_owned()).or_insert("volumes_from");
        }
    }
    shared
}
