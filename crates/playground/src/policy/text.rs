//! Files that the compose tool reads while it normalises a Compose text. What they say stands in the document
//! afterwards, and their names do not, so they are judged before.

use std::collections::BTreeMap;

use super::{PlaygroundPaths, Policy, Refusal, Refusals, or_setting, paths::is_remote};
use crate::{
    blueprint::yaml::{self, YamlNode},
    variables::render,
};

/// What is refused among the files that a Compose text names: `include`, `extends`, `env_file`, `label_file`. They
/// have to be inside the project directory. The caller must check each included and extended file the same way,
/// and that no path leads out through a link. Text that is not YAML has none.
#[must_use]
pub fn check_text(text: &str, values: &BTreeMap<String, String>, policy: &Policy) -> Vec<Refusal> {
    let places = PlaygroundPaths::default();
    let mut files = Files {
        refusals: Refusals::new(policy, &places),
        values,
    };
    let Ok(root) = yaml::read(text) else {
        return Vec::new();
    };
    for item in root.get("include").map_or(&[][..], YamlNode::items) {
        match item.get("path") {
            Some(path) => files.check_all("include.path", path),
            None => files.check_all("include", item),
        }
        for key in ["project_directory", "env_file"] {
            if let Some(node) = item.get(key) {
                files.check_all(&format!("include.{key}"), node);
            }
        }
    }
    for (name, service) in root.get("services").map_or(&[][..], YamlNode::entries) {
        files.refusals.service = Some(name.text.clone());
        for key in ["env_file", "label_file"] {
            if let Some(node) = service.get(key) {
                files.check_all(key, node);
            }
        }
        if let Some(node) = service
            .get("extends")
            .and_then(|extends| extends.get("file"))
        {
            files.check_all("extends.file", node);
        }
    }
    files.refusals.found.sort();
    files.refusals.found
}

struct Files<'a> {
    refusals: Refusals<'a>,
    values: &'a BTreeMap<String, String>,
}

impl Files<'_> {
    /// A path, a list of paths, or a list of maps with `path`.
    fn check_all(&mut self, key: &str, node: &YamlNode) {
        for item in node.items() {
            self.check_all(key, item.get("path").unwrap_or(item));
        }
        if let Some(text) = node.text() {
            self.check(key, text);
        }
    }

    fn check(&mut self, key: &str, written: &str) {
        // One with a missing variable is refused for that.
        let Ok(path) = render(written, self.values) else {
            return;
        };
        let remote = is_remote(&path);
        let leaves = path.split('/').scan(0_i32, |depth, part| {
            *depth += match part {
                "" | "." => 0,
                ".." => -1,
                _ => 1,
            };
            Some(*depth < 0)
        });
        let kept = if remote {
            self.refusals.policy.remote_sources
        } else {
            !path.starts_with(['/', '~']) && !leaves.into_iter().any(|left| left)
        };
        if !kept {
            let allowed = "a file inside the project directory is allowed: a relative path without `..` out of it";
            let allowed = if remote {
                or_setting(allowed, "remote_sources: true")
            } else {
                allowed.to_owned()
            };
            self.refusals.add(key, written, allowed);
        }
    }
}
