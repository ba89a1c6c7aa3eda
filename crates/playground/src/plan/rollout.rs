//! The decision for each service.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    PlanError, PlanInput, PlannedService, RolloutPlan, ServiceChange,
    differences::differences,
    order::{shares, start_order},
};
use crate::compose::{ComposeDocument, ComposeService};

/// Makes the plan from the applied document to the wanted one.
///
/// # Errors
///
/// Services of the wanted document depend on each other in a circle, or one that has to be replaced asks for no
/// downtime and cannot have it.
pub fn plan(input: PlanInput<'_>) -> Result<RolloutPlan, PlanError> {
    let order = start_order(input.wanted)?;
    let mut services: Vec<PlannedService> = Vec::new();
    let mut replaced: BTreeMap<String, ServiceChange> = BTreeMap::new();
    for name in order {
        let planned = decide(&name, &input, &replaced)?;
        if !matches!(
            planned.change,
            ServiceChange::Unchanged | ServiceChange::Scale { .. }
        ) {
            replaced.insert(name, planned.change.clone());
        }
        services.push(planned);
    }
    let gone = input.applied.map(removals).unwrap_or_default();
    let gone = gone
        .into_iter()
        .filter(|name| !input.wanted.services.contains_key(name));
    services.extend(gone.map(|service| PlannedService {
        service,
        change: ServiceChange::Remove,
        reasons: Vec::new(),
    }));
    Ok(RolloutPlan { services })
}

/// All applied services in the order in which they may stop. One that is applied has no circle.
fn removals(applied: &ComposeDocument) -> Vec<String> {
    let order = start_order(applied);
    let mut order = order.unwrap_or_else(|_| applied.services.keys().cloned().collect());
    order.reverse();
    order
}

fn decide(
    name: &str,
    input: &PlanInput<'_>,
    replaced: &BTreeMap<String, ServiceChange>,
) -> Result<PlannedService, PlanError> {
    let planned = |change, reasons| PlannedService {
        service: name.to_owned(),
        change,
        reasons,
    };
    let after = &input.wanted.services[name];
    let Some(before) = input.applied.and_then(|applied| applied.services.get(name)) else {
        return Ok(planned(ServiceChange::Add, Vec::new()));
    };
    let mut reasons = differences(name, input);
    reasons.extend(followed(after, replaced));
    let (from, to) = (before.replicas(), after.replicas());
    if from != to {
        reasons.push("deploy.replicas".to_owned());
        if reasons.len() == 1 {
            return Ok(planned(ServiceChange::Scale { from, to }, reasons));
        }
    }
    if reasons.is_empty() {
        return Ok(planned(ServiceChange::Unchanged, reasons));
    }
    let change = replace(name, before, after, input)?;
    Ok(planned(change, reasons))
}

/// What is replaced and takes this service along: services whose containers it shares, and dependencies with
/// `restart: true`.
fn followed(service: &ComposeService, replaced: &BTreeMap<String, ServiceChange>) -> Vec<String> {
    let shared = shares(service);
    let shared = shared.iter().map(|(other, key)| (other, *key));
    let restarts = service
        .depends_on
        .iter()
        .filter(|(_, dependency)| dependency.get("restart").and_then(Value::as_bool) == Some(true));
    let restarts = restarts.map(|(other, _)| (other, "depends_on"));
    let followed: BTreeSet<String> = shared
        .chain(restarts)
        .filter(|(other, _)| replaced.contains_key(*other))
        .map(|(other, key)| format!("{key}.{other}"))
        .collect();
    followed.into_iter().collect()
}

fn replace(
    name: &str,
    before: &ComposeService,
    after: &ComposeService,
    input: &PlanInput<'_>,
) -> Result<ServiceChange, PlanError> {
    let asked = input.zerodowntime.contains(name);
    if !asked && !input.routed.contains(name) {
        return Ok(ServiceChange::Recreate);
    }
    if let Some(because) = exclusive(after) {
        return if asked {
            let service = name.to_owned();
            Err(PlanError::ZeroDowntimeImpossible { service, because })
        } else {
            Ok(ServiceChange::StopFirst { because })
        };
    }
    // With the label its author says that two containers may use one volume.
    let because =
        exclusive(before).or_else(|| writes(before).or_else(|| writes(after)).filter(|_| !asked));
    Ok(because.map_or(ServiceChange::StartFirst, |because| {
        ServiceChange::StopFirst { because }
    }))
}

/// What only one container can have at a time.
fn exclusive(service: &ComposeService) -> Option<String> {
    if let Some(name) = service.text("container_name") {
        return Some(format!(
            "two containers cannot have the name `{name}` of `container_name`"
        ));
    }
    let mut published = service
        .ports
        .iter()
        .filter_map(|port| port.get("published")?.as_str());
    if let Some(port) = published.find(|port| !port.is_empty() && *port != "0") {
        return Some(format!("two containers cannot have the host's port {port}"));
    }
    let fixed = ["ipv4_address", "ipv6_address", "mac_address"];
    let mut addresses = service.networks.iter().flat_map(|(key, network)| {
        let network = network.as_ref();
        fixed
            .iter()
            .filter_map(move |field| Some((key, network?.get(*field)?.as_str()?)))
    });
    if let Some((key, address)) = addresses.next() {
        return Some(format!(
            "two containers cannot have the address {address} in the network `{key}`"
        ));
    }
    let mac = service.text("mac_address");
    mac.map(|mac| format!("two containers cannot have the address {mac}"))
}

/// A volume that it writes to.
fn writes(service: &ComposeService) -> Option<String> {
    let written = service.volumes.iter().find(|mount| {
        let read_only = mount.get("read_only").and_then(Value::as_bool) == Some(true);
        mount.get("type").and_then(Value::as_str) == Some("volume") && !read_only
    })?;
    let target = written
        .get("target")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Some(match written.get("source").and_then(Value::as_str) {
        Some(volume) => format!("two containers would write to the volume `{volume}` at {target}"),
        None => format!("the volume without a name at {target} belongs to one container"),
    })
}
