//! Which crate may use which: the table of the house plan. Every kind of dependency counts.

use serde_json::Value;

use super::Finding;

/// A crate, and what it and its tests may use.
const ALLOWED: [(&str, &[&str]); 20] = [
    ("analysis", &[]),
    ("browser", &[]),
    ("docker", &["playground"]),
    ("engine", &[]),
    ("json-text", &[]),
    ("playbook", &[]),
    ("playground", &[]),
    ("plugin", &["json-text"]),
    ("router", &[]),
    ("shipped", &["analysis", "plugin"]),
    ("store", &["engine"]),
    ("wire", &["engine", "json-text"]),
    (
        "server",
        &["engine", "store", "wire", "playbook", "playground"],
    ),
    (
        "executor",
        &[
            "browser",
            "docker",
            "engine",
            "wire",
            "plugin",
            "playbook",
            "playground",
            "router",
        ],
    ),
    (
        "cli",
        &[
            "server", "executor", "wire", "plugin", "playbook", "shipped",
        ],
    ),
    (FOR_TESTS[0], &[]),
    (FOR_TESTS[1], &[]),
    (FOR_TESTS[2], &[]),
    (FOR_TESTS[3], &[]),
    (FOR_TESTS[4], &[]),
];

/// Tools of the project: they may use anything, and nothing may use them.
const TOOLS: [&str; 3] = ["xtask", "bench", "generate"];

/// What tests of any crate may use: they use nothing of ours.
const FOR_TESTS: [&str; 5] = [
    "private-postgres",
    "private-docker",
    "private-s3",
    "small-disk",
    "fuzz",
];

/// What no crate of ours uses; others may.
const BANNED: [(&str, &str); 3] = [
    ("lazy_static", "std::sync::LazyLock"),
    ("once_cell", "std::sync::OnceLock and LazyLock"),
    (
        "async-trait",
        "async functions in traits are in the language",
    ),
];

/// Compares the dependencies between members of the workspace with the table.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let members: Vec<&Value> = members(metadata).collect();
    let names: Vec<&str> = members
        .iter()
        .filter_map(|package| package["name"].as_str())
        .collect();
    let mut findings = Vec::new();
    for package in members {
        let name = package["name"].as_str().unwrap_or_default();
        if TOOLS.contains(&name) {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| *known == name) else {
            findings.push(format!("crate {name} is not in the table of allowed edges"));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let used = dependency["name"].as_str().unwrap_or_default();
            let by_tests = FOR_TESTS.contains(&used) && dependency["kind"] == "dev";
            if let Some((_, instead)) = BANNED.iter().find(|(banned, _)| *banned == used) {
                findings.push(format!("{name} uses banned crate {used}: {instead}"));
            }
            if names.contains(&used) && !allowed.contains(&used) && !by_tests {
                findings.push(format!("forbidden edge: {name} -> {used}"));
            }
        }
    }
    findings
}

/// The packages that are members of the workspace.
fn members(metadata: &Value) -> impl Iterator<Item = &Value> {
    let ids = &metadata["workspace_members"];
    let packages = metadata["packages"].as_array().into_iter().flatten();
    packages.filter(move |package| {
        ids.as_array()
            .into_iter()
            .flatten()
            .any(|id| *id == package["id"])
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn workspace(name: &str, used: &str, kind: &Value) -> Value {
        json!({
            "workspace_members": ["a", "b"],
            "packages": [
                {"id": "a", "name": name, "dependencies": [{"name": used, "kind": kind}]},
                {"id": "b", "name": used, "dependencies": []},
                {"id": "c", "name": "serde", "dependencies": []},
            ],
        })
    }

    #[test]
    fn the_executor_never_sees_the_store() {
        let finding = "forbidden edge: executor -> store";
        assert_eq!(
            check(&workspace("executor", "store", &Value::Null)),
            [finding]
        );
        assert_eq!(
            check(&workspace("executor", "store", &json!("dev"))),
            [finding]
        );
    }

    #[test]
    fn nothing_may_use_a_tool() {
        let found = check(&workspace("server", "xtask", &Value::Null));
        assert_eq!(found, ["forbidden edge: server -> xtask"]);
        assert!(check(&workspace("xtask", "server", &Value::Null)).is_empty());
    }

    #[test]
    fn tests_alone_may_use_the_private_postgres() {
        let used = |kind: &Value| check(&workspace("store", FOR_TESTS[0], kind));
        assert!(used(&json!("dev")).is_empty());
        assert_eq!(
            used(&Value::Null),
            ["forbidden edge: store -> private-postgres"]
        );
        let ours = check(&workspace(FOR_TESTS[0], "engine", &Value::Null));
        assert_eq!(ours, ["forbidden edge: private-postgres -> engine"]);
    }

    #[test]
    fn some_crates_are_banned() {
        let found = check(&workspace("store", "lazy_static", &Value::Null));
        let finding = "store uses banned crate lazy_static: std::sync::LazyLock";
        assert!(found.contains(&finding.to_owned()), "{found:?}");
    }

    #[test]
    fn an_unknown_crate_has_to_be_entered() {
        let found = check(&workspace("misplaced", "engine", &Value::Null));
        assert_eq!(
            found,
            ["crate misplaced is not in the table of allowed edges"]
        );
    }
}
