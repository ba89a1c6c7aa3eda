//! Crates that are not to be used, and why; and a report of crates that are there twice.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Finding, edges::members};

/// Not even through others.
const BANNED: [(&str, &str); 8] = [
    (
        "openssl-sys",
        "TLS is rustls with ring; nothing of the system's OpenSSL",
    ),
    ("native-tls", "TLS is rustls with ring"),
    ("aws-lc-sys", "a long C build; ring serves"),
    ("chrono", "jiff is the one library for time"),
    ("time", "jiff is the one library for time"),
    (
        "async-std",
        "tokio is the one runtime, and it is no longer kept",
    ),
    (
        "sqlx",
        "claims sqlite's link and is slower a statement; the store speaks to both drivers",
    ),
    ("serde_yaml", "no longer kept"),
];

/// Not by us; others may.
const BANNED_HERE: [(&str, &str); 3] = [
    ("lazy_static", "std::sync::LazyLock"),
    ("once_cell", "std::sync::OnceLock and LazyLock"),
    (
        "async-trait",
        "no trait objects of the domain; async functions in traits are in the language",
    ),
];

/// Finds banned crates in what is really built, for any target.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    let built = built(metadata);
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        if let Some((_, reason)) = BANNED.iter().find(|(banned, _)| *banned == name)
            && built.contains(package["id"].as_str().unwrap_or_default())
        {
            findings.push(format!("banned crate {name}: {reason}"));
        }
    }
    for package in members(metadata) {
        let ours = package["name"].as_str().unwrap_or_default();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = dependency["name"].as_str().unwrap_or_default();
            if let Some((_, reason)) = BANNED_HERE.iter().find(|(banned, _)| *banned == name) {
                findings.push(format!("{ours} uses banned crate {name}: {reason}"));
            }
        }
    }
    findings
}

/// `name: version, version` for each crate that is built in more than one version.
pub(super) fn duplicates(metadata: &Value) -> Vec<String> {
    let built = built(metadata);
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        if built.contains(package["id"].as_str().unwrap_or_default()) {
            let name = package["name"].as_str().unwrap_or_default();
            let version = package["version"].as_str().unwrap_or_default();
            versions.entry(name).or_default().insert(version);
        }
    }
    versions.retain(|_, versions| versions.len() > 1);
    let line = |(name, versions): (&str, BTreeSet<&str>)| {
        format!(
            "{name}: {}",
            versions.into_iter().collect::<Vec<_>>().join(", ")
        )
    };
    versions.into_iter().map(line).collect()
}

/// Ids of the packages that are reached from the members with the features in use.
fn built(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> = metadata["resolve"]["nodes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let mut waiting: Vec<&str> = members(metadata)
        .filter_map(|one| one["id"].as_str())
        .collect();
    let mut reached = BTreeSet::new();
    while let Some(id) = waiting.pop() {
        if reached.insert(id) {
            let node = nodes.get(id).map(|node| &node["dependencies"]);
            let used = node.and_then(Value::as_array).into_iter().flatten();
            waiting.extend(used.filter_map(Value::as_str));
        }
    }
    reached
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn tree(used: &str, version: &str, reached: bool) -> Value {
        json!({
            "workspace_members": ["ours"],
            "packages": [
                {"id": "ours", "name": "store", "dependencies": [{"name": used}]},
                {"id": "first", "name": used, "version": "1.0.0"},
                {"id": "second", "name": used, "version": version},
            ],
            "resolve": {"nodes": [
                {"id": "ours", "dependencies": if reached { vec!["first", "second"] } else { vec![] }},
                {"id": "first", "dependencies": []},
                {"id": "second", "dependencies": []},
            ]},
        })
    }

    #[test]
    fn a_banned_crate_is_found_when_it_is_built() {
        let found = check(&tree("openssl-sys", "1.0.0", true));
        assert!(
            found[0].starts_with("banned crate openssl-sys: "),
            "{found:?}"
        );
        assert!(check(&tree("openssl-sys", "1.0.0", false)).is_empty());
        assert!(check(&tree("serde", "1.0.0", true)).is_empty());
    }

    #[test]
    fn some_are_banned_for_us_only() {
        let found = check(&tree("lazy_static", "1.0.0", true));
        assert_eq!(
            found,
            ["store uses banned crate lazy_static: std::sync::LazyLock"]
        );
    }

    #[test]
    fn two_versions_are_reported() {
        assert_eq!(
            duplicates(&tree("syn", "2.0.0", true)),
            ["syn: 1.0.0, 2.0.0"]
        );
        assert!(duplicates(&tree("syn", "1.0.0", true)).is_empty());
    }
}
