//! Mounts of services.

use serde_json::Value;

use super::{Refusals, or_setting, paths::text, reserved::own_image};
use crate::compose::{ComposeService, Properties};

/// How mounts of the container stay in the container.
const PROPAGATIONS: [&str; 5] = ["", "private", "rprivate", "slave", "rslave"];

const MOUNT: [&str; 9] = [
    "bind",
    "consistency",
    "image",
    "read_only",
    "source",
    "target",
    "tmpfs",
    "type",
    "volume",
];

pub(super) fn check(service: &ComposeService, refusals: &mut Refusals<'_>) {
    for mount in &service.volumes {
        refusals.unknown("volumes", mount, &MOUNT);
        match text(mount, "type") {
            Some("bind") => bind(mount, refusals),
            Some("volume" | "tmpfs") => {}
            Some("image") => {
                let image = text(mount, "source").unwrap_or_default();
                own_image("volumes", image, refusals);
            }
            _ => {
                let kind = mount.get("type").unwrap_or(&Value::Null);
                refusals.add_value(
                    "volumes.type",
                    kind,
                    "`volume`, `bind`, `tmpfs` and `image` are allowed",
                );
            }
        }
    }
}

fn bind(mount: &Properties, refusals: &mut Refusals<'_>) {
    let source = text(mount, "source").unwrap_or_default();
    refusals.path("volumes", source);
    let Some(options) = mount.get("bind").and_then(Value::as_object) else {
        return;
    };
    refusals.unknown(
        "volumes.bind",
        options,
        &["create_host_path", "propagation", "recursive", "selinux"],
    );
    let propagation = text(options, "propagation").unwrap_or_default();
    if !PROPAGATIONS.contains(&propagation) && !refusals.policy.privileged {
        let allowed = or_setting("`rprivate` and `rslave` are allowed", "privileged: true");
        refusals.add("volumes.bind.propagation", propagation, allowed);
    }
}

/// Visits the sources of all bind mounts.
pub(super) fn each_bind(service: &ComposeService, mut visit: impl FnMut(String, &str)) {
    for mount in &service.volumes {
        if text(mount, "type") == Some("bind") {
            visit(
                "volumes".to_owned(),
                text(mount, "source").unwrap_or_default(),
            );
        }
    }
}
