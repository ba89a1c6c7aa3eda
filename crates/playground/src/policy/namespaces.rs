//! What a container shares with its host: namespaces, devices, capabilities, kernel settings.

use serde_json::Value;

use super::{Refusals, is_on, lists, or_setting, shown};
use crate::compose::Properties;

/// The capabilities that every container has: adding one of them adds nothing.
const GIVEN: [&str; 14] = [
    "AUDIT_WRITE",
    "CHOWN",
    "DAC_OVERRIDE",
    "FOWNER",
    "FSETID",
    "KILL",
    "MKNOD",
    "NET_BIND_SERVICE",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYS_CHROOT",
];

/// The kernel settings that belong to the container's own namespaces.
const OWN_SYSCTLS: [&str; 6] = [
    "net.",
    "kernel.msg",
    "kernel.sem",
    "kernel.shm",
    "kernel.domainname",
    "fs.mqueue.",
];

/// `pid`, `ipc`, `uts`, `userns_mode`, `cgroup`, `network_mode`: the service's own, or that of another service.
pub(super) fn namespace(key: &str, value: &Value, refusals: &mut Refusals<'_>) {
    let text = shown(value);
    let own = match key {
        "network_mode" => matches!(text.as_str(), "none"),
        "ipc" => matches!(text.as_str(), "none" | "private" | "shareable"),
        "cgroup" => text == "private",
        _ => false,
    };
    let of_a_service = text
        .strip_prefix("service:")
        .is_some_and(|name| !name.is_empty());
    let shared = matches!(key, "network_mode" | "ipc" | "pid");
    let host = text == "host" && refusals.policy.host_namespaces;
    if !is_on(value) || own || host || (shared && of_a_service) {
        return;
    }
    let allowed = match key {
        "network_mode" => {
            "the playground's own networks (remove the key), `none` and `service:NAME` are allowed"
        }
        "ipc" => "`private`, `shareable`, `none` and `service:NAME` are allowed",
        "pid" => "the container's own and `service:NAME` are allowed",
        _ => "the container's own is allowed: remove the key",
    };
    refusals.add(key, &text, or_setting(allowed, "host_namespaces: true"));
}

pub(super) fn capabilities(value: &Value, refusals: &mut Refusals<'_>) {
    for item in items(value) {
        let name = shown(item).to_ascii_uppercase();
        let name = name.strip_prefix("CAP_").unwrap_or(&name);
        let allowed = &refusals.policy.capabilities;
        let listed = allowed.iter().any(|one| {
            let one = one.to_ascii_uppercase();
            one == "ALL" || one.strip_prefix("CAP_").unwrap_or(&one) == name
        });
        if !GIVEN.contains(&name) && !listed {
            let allowed = or_setting("those that every container has are allowed", "capabilities");
            refusals.add_value("cap_add", item, allowed);
        }
    }
}

pub(super) fn security_options(value: &Value, refusals: &mut Refusals<'_>) {
    for item in items(value) {
        let text = shown(item);
        let harmless = matches!(
            text.as_str(),
            "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true"
        );
        if !harmless && !lists(&refusals.policy.security_options, &text) {
            let allowed = or_setting("`no-new-privileges:true` is allowed", "security_options");
            refusals.add("security_opt", &text, allowed);
        }
    }
}

pub(super) fn sysctls(value: &Value, refusals: &mut Refusals<'_>) {
    let pairs: Vec<(String, String)> = match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), shown(value)))
            .collect(),
        other => items(other)
            .map(|item| {
                let text = shown(item);
                let (key, value) = text.split_once('=').unwrap_or((&text, ""));
                (key.to_owned(), value.to_owned())
            })
            .collect(),
    };
    for (name, value) in pairs {
        let dotted = name.replace('/', ".");
        let own = OWN_SYSCTLS.iter().any(|own| dotted.starts_with(own));
        if !own && !lists(&refusals.policy.sysctls, &name) {
            let allowed = or_setting(
                "settings of the container's own namespaces are allowed, such as `net.*`",
                "sysctls",
            );
            refusals.add(&format!("sysctls.{name}"), &value, allowed);
        }
    }
}

pub(super) fn devices(value: &Value, refusals: &mut Refusals<'_>) {
    for item in items(value) {
        let source = match item {
            Value::Object(device) => device.get("source").map(shown).unwrap_or_default(),
            text => shown(text).split(':').next().unwrap_or_default().to_owned(),
        };
        if !lists(&refusals.policy.devices, &source) {
            refusals.add(
                "devices",
                &source,
                or_setting("no device is allowed", "devices"),
            );
        }
    }
}

/// Hooks run in the container, and must not have more rights than it.
pub(super) fn hooks(key: &str, value: &Value, refusals: &mut Refusals<'_>) {
    for hook in items(value).filter_map(Value::as_object) {
        refusals.unknown(
            key,
            hook,
            &[
                "command",
                "environment",
                "privileged",
                "user",
                "working_dir",
            ],
        );
        if let Some(value) = hook.get("privileged").filter(|value| is_on(value))
            && !refusals.policy.privileged
        {
            let allowed = or_setting("`false` is allowed", "privileged: true");
            refusals.add_value(&format!("{key}.privileged"), value, allowed);
        }
    }
}

pub(super) fn logging(value: &Value, refusals: &mut Refusals<'_>) {
    let none = Properties::new();
    let logging = value.as_object().unwrap_or(&none);
    let driver = logging.get("driver").map(shown).unwrap_or_default();
    let kept_here = matches!(driver.as_str(), "" | "json-file" | "local" | "none");
    if !kept_here && !lists(&refusals.policy.log_drivers, &driver) {
        let allowed = or_setting("`json-file`, `local` and `none` are allowed", "log_drivers");
        refusals.add("logging.driver", &driver, allowed);
    }
}

/// The items of a list; a single value is a list of one.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    match value {
        Value::Array(items) => items.as_slice(),
        Value::Null => &[],
        other => std::slice::from_ref(other),
    }
    .iter()
}
