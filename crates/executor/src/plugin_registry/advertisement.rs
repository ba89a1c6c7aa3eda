//! What the server is told of the plugins: all of them by name, and of each as much as fits. A server that
//! refuses the registration has no plugins at all, and the executor ends.

use std::collections::HashSet;

use plugin::{BrokenPlugin, Catalogue, Direction, Entry, Plugin};
use wire::executors::{self, MetricInfo, PluginHost, PluginInfo};

/// What the server takes of a name, a text and a schema, and how many plugins.
const NAME_BYTES: usize = 64;
const TEXT_BYTES: usize = 4 << 10;
const SCHEMA_BYTES: usize = 64 << 10;
const MOST_PLUGINS: usize = 256;
const MOST_METRICS: usize = 100;

/// What it takes of all plugins together: 1 MiB, with room for the rest of a registration.
const ALL_BYTES: usize = (1 << 20) - (128 << 10);

/// What is told of a plugin's text where there is no room for more.
const SHORT_BYTES: usize = 200;

/// What the server is told of the plugins. A name that is there twice is told once.
pub(super) fn advertisement(catalogue: &Catalogue) -> Vec<PluginInfo> {
    let good = catalogue.plugins().iter().map(|plugin| info(plugin));
    let mut names = HashSet::new();
    let all = good.chain(catalogue.broken().iter().map(broken));
    let mut all: Vec<PluginInfo> = all.filter(|info| names.insert(info.name.clone())).collect();
    if all.len() > MOST_PLUGINS {
        let left_out = all.split_off(MOST_PLUGINS).len();
        tracing::warn!(
            left_out,
            "more than {MOST_PLUGINS} plugins: not all are told"
        );
    }
    bounded(all, ALL_BYTES)
}

/// So much of what there is to be told that it fits: first without schemas, then some plugins by their name
/// only, the largest first.
fn bounded(mut all: Vec<PluginInfo>, bytes: usize) -> Vec<PluginInfo> {
    let mut total: usize = all.iter().map(length).sum();
    let mut shrink = |size: fn(&PluginInfo) -> usize, less: fn(&mut PluginInfo)| {
        let mut places: Vec<usize> = (0..all.len()).filter(|at| size(&all[*at]) > 0).collect();
        places.sort_by_key(|at| size(&all[*at]));
        while total > bytes {
            let Some(place) = places.pop() else {
                break;
            };
            let one = &mut all[place];
            total -= length(one);
            less(one);
            total += length(one);
        }
    };
    shrink(
        |one| one.input_schema.as_ref().map_or(0, length),
        |one| {
            tracing::warn!(
                plugin = one.name,
                "its schema is not told: all are too large together"
            );
            one.input_schema = None;
        },
    );
    shrink(length, |one| {
        tracing::warn!(
            plugin = one.name,
            "it is told as broken: all are too large together"
        );
        *one = by_name(one);
    });
    all
}

/// A plugin of which nothing is told but its name and why.
fn by_name(one: &PluginInfo) -> PluginInfo {
    let error = match &one.error {
        Some(error) => &error[..error.floor_char_boundary(SHORT_BYTES)],
        None => "what there is to say of it does not fit beside the other plugins",
    };
    unusable(one.name.clone(), error.to_owned())
}

/// How long a value is as JSON.
fn length(value: &impl serde::Serialize) -> usize {
    serde_json::to_vec(value).map_or(0, |text| text.len())
}

fn info(plugin: &Plugin) -> PluginInfo {
    let manifest = plugin.manifest();
    let host = match manifest.entry {
        Entry::Wasm { .. } => PluginHost::Wasm,
        Entry::Process { .. } => PluginHost::Process,
    };
    let schema = manifest.input_schema.clone();
    let fits = |schema: &serde_json::Value| {
        let fits = length(schema) <= SCHEMA_BYTES;
        if !fits {
            let plugin = &manifest.name;
            tracing::warn!(
                plugin,
                "its schema is not told: it has more than {SCHEMA_BYTES} bytes"
            );
        }
        fits
    };
    let metrics = manifest.metrics.iter().take(MOST_METRICS);
    PluginInfo {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        description: cut(&manifest.description),
        order: manifest.order,
        enabled: manifest.enabled,
        host: Some(host),
        metrics: metrics.map(metric).collect(),
        input_schema: schema.filter(fits),
        error: None,
    }
}

fn metric(metric: &plugin::Metric) -> MetricInfo {
    MetricInfo {
        name: metric.name.clone(),
        unit: Some(metric.unit.clone()).filter(|unit| !unit.is_empty()),
        direction: match metric.direction {
            Direction::Higher => Some(executors::Direction::Higher),
            Direction::Lower => Some(executors::Direction::Lower),
            Direction::None => None,
        },
    }
}

fn broken(broken: &BrokenPlugin) -> PluginInfo {
    unusable(name(&broken.name), cut(&broken.reason))
}

fn unusable(name: String, error: String) -> PluginInfo {
    PluginInfo {
        name,
        version: String::new(),
        description: String::new(),
        order: 0,
        enabled: false,
        host: None,
        metrics: Vec::new(),
        input_schema: None,
        error: Some(error),
    }
}

/// A broken plugin's name may be that of any folder.
fn name(name: &str) -> String {
    let plain = |character: char| match character {
        '-' | '_' | '.' => character,
        other if other.is_ascii_alphanumeric() => other,
        _ => '-',
    };
    let name: String = name.chars().map(plain).take(NAME_BYTES).collect();
    if name.is_empty() {
        "-".to_owned()
    } else {
        name
    }
}

fn cut(text: &str) -> String {
    text[..text.floor_char_boundary(TEXT_BYTES)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(name: &str, description: usize, schema: usize) -> PluginInfo {
        PluginInfo {
            error: None,
            description: "d".repeat(description),
            input_schema: (schema > 0).then(|| "s".repeat(schema).into()),
            ..unusable(name.to_owned(), String::new())
        }
    }

    #[test]
    fn the_largest_schemas_go_first() {
        let all = vec![one("a", 10, 500), one("b", 10, 900), one("c", 10, 100)];
        let total = length(&all);
        assert_eq!(bounded(all.clone(), total), all);
        let with: Vec<bool> = bounded(all.clone(), total - 10)
            .iter()
            .map(|one| one.input_schema.is_some())
            .collect();
        assert_eq!(with, [true, false, true]);
    }

    #[test]
    fn what_does_not_fit_is_told_by_its_name() {
        let broken = unusable("old".to_owned(), "e".repeat(TEXT_BYTES));
        let all = vec![one("a", 1_000, 50), one("b", 10, 0), broken];
        let advertisement = bounded(all, 1_000);
        assert!(length(&advertisement) <= 1_000);
        let names: Vec<&str> = advertisement.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "old"]);
        let errors = advertisement
            .iter()
            .map(|one| one.error.as_ref().map(String::len));
        let short = "what there is to say of it does not fit beside the other plugins".len();
        assert_eq!(
            errors.collect::<Vec<_>>(),
            [Some(short), None, Some(SHORT_BYTES)]
        );
    }
}
