//! Rules between the labels of a service and the rest of it.

use super::{LabelProblem, ServiceLabels, ServiceShape, read::Values};

/// Keys that say something about a source, which has to be known.
const OF_A_SOURCE: [&str; 5] = [
    "branch",
    "build_args",
    "build_target",
    "dockerfile",
    "source_mount",
];

/// Keys that say something about a route, which needs a port.
const OF_A_ROUTE: [&str; 4] = ["healthcheck_path", "path_rule", "subdomain", "visibility"];

pub(super) fn check(
    labels: &ServiceLabels,
    values: &Values<'_>,
    shape: ServiceShape,
) -> Vec<LabelProblem> {
    let mut problems = Vec::new();
    let mut refuse = |key: &str, message: &str| {
        if let Some((label, value)) = values.get(key) {
            problems.push(LabelProblem::new(label, value, message));
        }
    };
    // A value of a wrong form is there all the same, so the values are asked and not the struct.
    let has = |key: &str| values.contains_key(key);
    let exposed = has("port") || has("expose");
    if !has("repo_url") && !shape.repository {
        for key in OF_A_SOURCE {
            refuse(
                key,
                "it needs the label `repo_url`, or a repository in the playspec",
            );
        }
    }
    if !exposed {
        for key in OF_A_ROUTE {
            refuse(key, "it needs the label `port` or `expose`");
        }
    }
    if labels.zerodowntime {
        let healthcheck = shape.healthcheck || labels.healthcheck.is_some();
        let rules = [
            (exposed, "it needs the label `port` or `expose`"),
            (
                !shape.ports,
                "it excludes `ports`: two containers cannot have one host port; remove `ports`",
            ),
            (
                !shape.container_name,
                "it excludes `container_name`: two containers cannot have one name; remove it",
            ),
            (
                healthcheck,
                "it needs a `healthcheck`, or the label `healthcheck_path`",
            ),
        ];
        for (_, message) in rules.iter().filter(|(kept, _)| !kept) {
            refuse("zerodowntime", message);
        }
    }
    problems
}
