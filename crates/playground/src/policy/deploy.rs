//! How many containers a service has, and how much of the host they may use.

use serde_json::Value;

use super::{Refusals, is_on, or_setting};
use crate::compose::{ComposeService, ResourceLimits};

/// How many containers a service may have.
const MOST_REPLICAS: u64 = 10;

pub(super) fn check(service: &ComposeService, refusals: &mut Refusals<'_>) {
    let most = refusals.policy.replicas.unwrap_or(MOST_REPLICAS);
    if service.replicas() > most {
        let allowed = or_setting(&format!("at most {most} are allowed"), "replicas");
        refusals.add("deploy.replicas", &service.replicas().to_string(), allowed);
    }
    deploy(service, refusals);
    ceiling(service, refusals);
}

fn deploy(service: &ComposeService, refusals: &mut Refusals<'_>) {
    let Some(deploy) = &service.deploy else {
        return;
    };
    let known = [
        "endpoint_mode",
        "labels",
        "mode",
        "placement",
        "replicas",
        "resources",
        "restart_policy",
        "rollback_config",
        "update_config",
    ];
    refusals.unknown("deploy", deploy, &known);
    let resources = deploy.get("resources").and_then(Value::as_object);
    for (place, resources) in resources.into_iter().flatten() {
        for (key, value) in resources.as_object().into_iter().flatten() {
            let counted = matches!(key.as_str(), "cpus" | "memory" | "pids");
            let gpu = key == "devices" && refusals.policy.gpus;
            if !counted && !gpu && is_on(value) {
                let allowed = or_setting("`cpus`, `memory` and `pids` are allowed", "gpus: true");
                refusals.add_value(&format!("deploy.resources.{place}.{key}"), value, allowed);
            }
        }
    }
}

fn ceiling(service: &ComposeService, refusals: &mut Refusals<'_>) {
    let Some(ceiling) = refusals.policy.ceiling else {
        return;
    };
    let set = ResourceLimits::of(service);
    let mut above = |key: &str, set: Option<f64>, most: Option<f64>| {
        if let (Some(set), Some(most)) = (set, most)
            && set > most
        {
            let allowed = format!(
                "at most {most} is allowed; the policy of the playroom sets it with `ceiling`"
            );
            refusals.add(
                &format!("deploy.resources.limits.{key}"),
                &set.to_string(),
                allowed,
            );
        }
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "an error of a few bytes does not matter"
    )]
    let float = |number: Option<u64>| number.map(|number| number as f64);
    above("memory", float(set.memory), float(ceiling.memory));
    above("cpus", set.cpus, ceiling.cpus);
    above("pids", float(set.pids), float(ceiling.pids));
}
