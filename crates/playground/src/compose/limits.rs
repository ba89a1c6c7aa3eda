//! Memory, processors and processes of a container.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ComposeService, Properties};

/// Limits of one container. `None` is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResourceLimits {
    /// Memory, in bytes.
    pub memory: Option<u64>,
    /// Processors; 0.5 is half of one.
    pub cpus: Option<f64>,
    /// Processes and threads.
    pub pids: Option<u64>,
}

impl Default for ResourceLimits {
    fn default() -> Self {
        Self {
            memory: Some(2 << 30),
            cpus: Some(2.0),
            pids: Some(2_048),
        }
    }
}

/// The key of a service that sets a limit, and the one below `deploy.resources.limits`.
const KEYS: [(&str, &str); 3] = [
    ("mem_limit", "memory"),
    ("cpus", "cpus"),
    ("pids_limit", "pids"),
];

impl ResourceLimits {
    /// No limit at all.
    pub const NONE: Self = Self {
        memory: None,
        cpus: None,
        pids: None,
    };

    /// The limits that a service sets. Zero and negative numbers, and words that are no number, set none.
    #[must_use]
    pub fn of(service: &ComposeService) -> Self {
        let [memory, cpus, pids] = KEYS.map(|(own, deployed)| {
            let below = nested(service.deploy.as_ref(), deployed);
            let value = service.rest.get(own).or(below);
            value.and_then(number).filter(|number| *number > 0.0)
        });
        Self {
            memory: memory.map(whole),
            cpus,
            pids: pids.map(whole),
        }
    }

    /// Sets the limits that the service does not set itself. All stand in one place then: the compose tool refuses
    /// a service that sets one limit by a key of its own and another one below `deploy`.
    pub(super) fn apply(self, service: &mut ComposeService) {
        let set = Self::of(service);
        let defaults = [
            self.memory.map(|bytes| json!(bytes.to_string())),
            self.cpus.map(|cpus| json!(cpus)),
            self.pids.map(|pids| json!(pids)),
        ];
        let is_set = [set.memory.is_some(), set.cpus.is_some(), set.pids.is_some()];
        for (((own, deployed), default), is_set) in KEYS.into_iter().zip(defaults).zip(is_set) {
            let of_service = service.rest.remove(own).filter(|_| is_set);
            let below = nested(service.deploy.as_ref(), deployed).cloned();
            let Some(value) = of_service.or(below.filter(|_| is_set)).or(default) else {
                continue;
            };
            let deploy = service.deploy.get_or_insert_default();
            let limits = object(object(deploy, "resources"), "limits");
            limits.insert(deployed.to_owned(), value);
        }
    }
}

fn nested<'a>(deploy: Option<&'a Properties>, key: &str) -> Option<&'a Value> {
    deploy?.get("resources")?.get("limits")?.get(key)
}

/// The map below a key; made when there is none.
pub(super) fn object<'a>(map: &'a mut Properties, key: &str) -> &'a mut Properties {
    let value = map.entry(key.to_owned()).or_insert(Value::Null);
    if !value.is_object() {
        *value = Value::Object(Properties::new());
    }
    match value {
        Value::Object(map) => map,
        _ => unreachable!("it was made an object"),
    }
}

/// Numbers, also as text: the compose tool prints bytes as text.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn whole(number: f64) -> u64 {
    // A float that is too large becomes the largest number.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "above zero"
    )]
    let whole = number as u64;
    whole
}
