//! What a registration must look like.

use std::collections::HashSet;

use wire::executors::{PlayroomInfo, PluginInfo, Registration};

use super::leases::LEASES_LIMIT;
use crate::{http::check, refusal::Refusal};

/// No executor holds more leases than one call renews.
const SLOTS_LIMIT: usize = LEASES_LIMIT;
/// Parts of the isolation that a registration may name, and the longest of them in bytes.
const PARTS_LIMIT: usize = 64;
const PART_LIMIT: usize = 1_024;
const KINDS_LIMIT: usize = 16;
const PLUGINS_LIMIT: usize = 256;
const PLAYROOMS_LIMIT: usize = 16;
/// As a manifest has it. The names of a job's plugins are the name of its queue, which an index must
/// take: PostgreSQL has room for 2,704 bytes in a row of one, and 32 names make 2,090.
const NAME_LIMIT: usize = 64;
const TEXT_LIMIT: usize = 4 * 1024;
const METRICS_LIMIT: usize = 100;
const SCHEMA_LIMIT: usize = 64 * 1024;

/// It is kept, and shown to the caller who lists executors: it must be short.
pub(super) fn check(registration: &Registration) -> Result<(), Refusal> {
    if registration.slots as usize > SLOTS_LIMIT {
        return Err(Refusal::field(
            "slots",
            format!("at most {SLOTS_LIMIT} slots"),
        ));
    }
    check::name("version", &registration.version)?;
    check::name("isolation", &registration.isolation)?;
    check::optional_name("executor_ip", &registration.executor_ip)?;
    let parts = &registration.isolation_missing;
    if parts.len() > PARTS_LIMIT {
        let message = format!("isolation_missing must have at most {PARTS_LIMIT} parts");
        return Err(Refusal::field("isolation_missing", message));
    }
    if let Some(place) = parts.iter().position(|part| part.len() > PART_LIMIT) {
        return Err(long(format!("isolation_missing[{place}]"), PART_LIMIT));
    }
    if registration.kinds.len() > KINDS_LIMIT {
        return Err(Refusal::field(
            "kinds",
            format!("at most {KINDS_LIMIT} kinds"),
        ));
    }
    for kind in &registration.kinds {
        check::name("kinds", kind)?;
    }
    playrooms(&registration.playrooms)?;
    plugins(&registration.plugins)
}

fn long(field: String, limit: usize) -> Refusal {
    Refusal::field(field, format!("must have at most {limit} bytes"))
}

fn playrooms(playrooms: &[PlayroomInfo]) -> Result<(), Refusal> {
    if playrooms.len() > PLAYROOMS_LIMIT {
        let message = format!("at most {PLAYROOMS_LIMIT} playrooms");
        return Err(Refusal::field("playrooms", message));
    }
    let mut names = HashSet::new();
    for (place, room) in playrooms.iter().enumerate() {
        let field = |name: &str| format!("playrooms[{place}].{name}");
        named(field("name"), &room.name)?;
        if !names.insert(&room.name) {
            return Err(Refusal::field(field("name"), "each name at most once"));
        }
        for (name, text) in [
            ("engine_id", &room.engine_id),
            ("engine_version", &room.engine_version),
            ("compose_version", &room.compose_version),
            ("platform", &room.platform),
        ] {
            check::optional_name(&field(name), text)?;
        }
        if let Some(router) = &room.router {
            check::optional_name(&field("router.scheme"), &router.scheme)?;
            check::optional_name(&field("router.root_domain"), &router.root_domain)?;
        }
        if room
            .error
            .as_ref()
            .is_some_and(|error| error.len() > TEXT_LIMIT)
        {
            return Err(long(field("error"), TEXT_LIMIT));
        }
    }
    Ok(())
}

/// A name that stands in a queue's name.
fn named(field: String, name: &str) -> Result<(), Refusal> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if name.is_empty() || name.len() > NAME_LIMIT || !name.bytes().all(fits) {
        let message = format!("must be 1 to {NAME_LIMIT} letters, digits, `-`, `_` and `.`");
        return Err(Refusal::field(field, message));
    }
    Ok(())
}

fn plugins(plugins: &[PluginInfo]) -> Result<(), Refusal> {
    if plugins.len() > PLUGINS_LIMIT {
        let message = format!("at most {PLUGINS_LIMIT} plugins");
        return Err(Refusal::field("plugins", message));
    }
    let mut names = HashSet::new();
    for (place, one) in plugins.iter().enumerate() {
        plugin(&format!("plugins[{place}]"), one)?;
        if !names.insert(&one.name) {
            let message = "each name at most once";
            return Err(Refusal::field(format!("plugins[{place}].name"), message));
        }
    }
    Ok(())
}

fn plugin(field: &str, plugin: &PluginInfo) -> Result<(), Refusal> {
    let field = |name: &str| format!("{field}.{name}");
    named(field("name"), &plugin.name)?;
    check::optional_name(&field("version"), &plugin.version)?;
    if plugin.description.len() > TEXT_LIMIT {
        return Err(long(field("description"), TEXT_LIMIT));
    }
    if plugin
        .error
        .as_ref()
        .is_some_and(|error| error.len() > TEXT_LIMIT)
    {
        return Err(long(field("error"), TEXT_LIMIT));
    }
    if plugin.metrics.len() > METRICS_LIMIT {
        let message = format!("at most {METRICS_LIMIT} metrics");
        return Err(Refusal::field(field("metrics"), message));
    }
    for metric in &plugin.metrics {
        check::name(&field("metrics"), &metric.name)?;
        check::optional_name(
            &field("metrics"),
            metric.unit.as_deref().unwrap_or_default(),
        )?;
    }
    let schema = plugin.input_schema.as_ref();
    if schema.is_some_and(|schema| schema.to_string().len() > SCHEMA_LIMIT) {
        return Err(long(field("input_schema"), SCHEMA_LIMIT));
    }
    Ok(())
}
