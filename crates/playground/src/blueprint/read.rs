//! From the tree of a Compose text to a [`Blueprint`].

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Blueprint, BlueprintProblem, BlueprintService, keys,
    yaml::{self, YamlContent, YamlKey, YamlNode},
};
use crate::{
    labels::{self, LabelProblem, ServiceLabels, ServiceShape},
    suggest::did_you_mean,
    template, variables,
};

/// Labels that say what a service is built from.
const BUILD_KEYS: [&str; 3] = ["repo_url", "dockerfile", "source_mount"];

/// After so many problems of a kind the rest is not looked for.
const MOST_PROBLEMS: usize = 100;

/// Takes a first look at a Compose text.
#[must_use]
pub fn read(text: &str) -> Blueprint {
    let template = template::read(text);
    let mut blueprint = Blueprint {
        problems: template.problems,
        ..Blueprint::default()
    };
    let root = match yaml::read(&template.text) {
        Ok(root) => root,
        Err(problem) => {
            blueprint.problems.push(problem);
            return blueprint;
        }
    };
    check_root(&root, &mut blueprint);
    for (key, node) in root.get("services").map_or(&[][..], YamlNode::entries) {
        let service = read_service(key, node, &mut blueprint);
        blueprint.services.push(service);
    }
    check_dependencies(&root, &mut blueprint);
    blueprint.problems.extend(variables::mistakes(&root));
    let profiles = blueprint.services.iter().flat_map(|s| s.profiles.clone());
    blueprint.profiles = profiles.collect::<BTreeSet<_>>().into_iter().collect();
    blueprint.problems.sort();
    blueprint
}

fn check_root(root: &YamlNode, blueprint: &mut Blueprint) {
    let problems = &mut blueprint.problems;
    if !matches!(root.content, YamlContent::Map(_)) {
        let message = format!(
            "a Compose file is a map with the key `services`, not {}",
            root.describe()
        );
        problems.push(BlueprintProblem::error(root.at, message));
        return;
    }
    unknown_keys(root.entries(), &keys::OF_A_FILE, problems);
    let included = root.get("include").map_or(&[][..], YamlNode::items);
    for item in included {
        let paths = item.get("path").unwrap_or(item);
        let several = paths.items().iter().filter_map(YamlNode::text);
        let files = paths.text().into_iter().chain(several).map(str::to_owned);
        blueprint.other_files.extend(files);
    }
    match root.get("services") {
        Some(services) if matches!(services.content, YamlContent::Map(_)) => {
            if services.entries().is_empty() && included.is_empty() {
                problems.push(BlueprintProblem::error(services.at, "there is no service"));
            }
        }
        None if !included.is_empty() => {}
        None => problems.push(BlueprintProblem::error(
            root.at,
            "the key `services` is missing",
        )),
        Some(other) => {
            let message = format!(
                "`services` is a map of names to services, not {}",
                other.describe()
            );
            problems.push(BlueprintProblem::error(other.at, message));
        }
    }
    if let Some(version) = root.get("version") {
        let message = "`version` has no effect and can be removed";
        problems.push(BlueprintProblem::warning(version.at, message));
    }
}

fn unknown_keys(
    entries: &[(YamlKey, YamlNode)],
    known: &[&str],
    problems: &mut Vec<BlueprintProblem>,
) {
    for (key, _) in entries {
        if problems.len() == MOST_PROBLEMS {
            return;
        }
        if !known.contains(&key.text.as_str()) && !key.text.starts_with("x-") {
            let hint = did_you_mean(&key.text, known.iter().copied());
            let message = format!("the key `{}` does not exist{hint}", key.text);
            problems.push(BlueprintProblem::error(key.at, message));
        }
    }
}

fn read_service(key: &YamlKey, node: &YamlNode, blueprint: &mut Blueprint) -> BlueprintService {
    let name = key.text.as_str();
    let mut problems = Vec::new();
    if !matches!(node.content, YamlContent::Map(_) | YamlContent::Null) {
        let message = format!("a service is a map, not {}", node.describe());
        problems.push(BlueprintProblem::error(node.at, message));
    }
    unknown_keys(node.entries(), &keys::OF_A_SERVICE, &mut problems);
    let (labels, places) = read_labels(node);
    let builds = node.get("build").is_some()
        || labels
            .keys()
            .filter_map(|label| labels::key_of(label))
            .any(|key| BUILD_KEYS.contains(&key));
    let image = node
        .get("image")
        .and_then(YamlNode::text)
        .map(str::to_owned);
    let elsewhere = node.get("extends").is_some() || node.get("provider").is_some();
    if image.is_none() && !builds && !elsewhere {
        let message = "there is neither `image` nor `build`";
        problems.push(BlueprintProblem::warning(key.at, message));
    }
    let settings = match settings(node, &labels) {
        Ok(settings) => settings,
        Err(wrong) => {
            problems.extend(wrong.into_iter().map(|problem| {
                let at = places.get(&problem.label).copied().unwrap_or(key.at);
                BlueprintProblem::error(at, problem.to_string())
            }));
            None
        }
    };
    let other = node.get("extends").and_then(|extends| extends.get("file"));
    blueprint
        .other_files
        .extend(other.and_then(YamlNode::text).map(str::to_owned));
    blueprint
        .problems
        .extend(problems.into_iter().map(|problem| problem.of(name)));
    BlueprintService {
        name: name.to_owned(),
        at: key.at,
        image,
        builds,
        ports: node
            .get("ports")
            .map_or(&[][..], YamlNode::items)
            .iter()
            .filter_map(port)
            .collect(),
        profiles: texts(node.get("profiles")),
        depends_on: texts(node.get("depends_on")),
        labels,
        settings,
    }
}

/// Labels in their map form or their list form, and where each stands.
fn read_labels(
    service: &YamlNode,
) -> (
    BTreeMap<String, String>,
    BTreeMap<String, super::TextPosition>,
) {
    let Some(node) = service.get("labels") else {
        return Default::default();
    };
    let from_map = node.entries().iter().map(|(key, value)| {
        let text = value.text().unwrap_or_default();
        (key.text.clone(), text.to_owned(), key.at)
    });
    let from_list = node.items().iter().filter_map(|item| {
        let text = item.text()?;
        let (key, value) = text.split_once('=').unwrap_or((text, ""));
        Some((key.to_owned(), value.to_owned(), item.at))
    });
    let all: Vec<_> = from_map.chain(from_list).collect();
    (
        all.iter()
            .map(|(key, value, _)| (key.clone(), value.clone()))
            .collect(),
        all.iter().map(|(key, _, at)| (key.clone(), *at)).collect(),
    )
}

/// What the labels say. Nothing is said about values before their variables have one.
fn settings(
    service: &YamlNode,
    all: &BTreeMap<String, String>,
) -> Result<Option<ServiceLabels>, Vec<LabelProblem>> {
    let ours = all
        .iter()
        .filter(|(label, _)| labels::key_of(label).is_some());
    if ours.clone().any(|(_, value)| value.contains('$')) || service.get("extends").is_some() {
        let unknown = labels::unknown_keys(ours.map(|(label, _)| label));
        return if unknown.is_empty() {
            Ok(None)
        } else {
            Err(unknown)
        };
    }
    let shape = ServiceShape {
        ports: service
            .get("ports")
            .is_some_and(|ports| !ports.items().is_empty()),
        container_name: service.get("container_name").is_some(),
        healthcheck: service.get("healthcheck").is_some(),
        // The playspec may name one; what the labels lack is known when it is applied.
        repository: true,
    };
    ServiceLabels::parse(all, shape).map(Some)
}

/// A port in its short form.
fn port(node: &YamlNode) -> Option<String> {
    if let Some(text) = node.text() {
        return Some(text.to_owned());
    }
    let field = |key: &str| node.get(key).and_then(YamlNode::text);
    let target = field("target")?;
    let mut text = match (field("host_ip"), field("published")) {
        (Some(ip), published) => format!("{ip}:{}:{target}", published.unwrap_or_default()),
        (None, Some(published)) => format!("{published}:{target}"),
        (None, None) => target.to_owned(),
    };
    if let Some(protocol) = field("protocol").filter(|protocol| *protocol != "tcp") {
        text.push('/');
        text.push_str(protocol);
    }
    Some(text)
}

/// A text, the texts of a list, or the keys of a map.
fn texts(node: Option<&YamlNode>) -> Vec<String> {
    let Some(node) = node else { return Vec::new() };
    let keys = node.entries().iter().map(|(key, _)| key.text.as_str());
    let items = node.items().iter().filter_map(YamlNode::text);
    node.text()
        .into_iter()
        .chain(items)
        .chain(keys)
        .map(str::to_owned)
        .collect()
}

/// Dependencies on services that do not exist, as long as no other file may have them.
fn check_dependencies(root: &YamlNode, blueprint: &mut Blueprint) {
    if !blueprint.other_files.is_empty() {
        return;
    }
    let names: BTreeSet<&str> = blueprint.services.iter().map(|s| s.name.as_str()).collect();
    let mut problems = Vec::new();
    for service in &blueprint.services {
        for name in &service.depends_on {
            let node = root
                .get("services")
                .and_then(|services| services.get(&service.name)?.get("depends_on"));
            let optional =
                node.and_then(|node| node.get(name)?.get("required")?.text()) == Some("false");
            if names.contains(name.as_str()) || name.contains('$') || optional {
                continue;
            }
            if problems.len() == MOST_PROBLEMS {
                break;
            }
            let hint = did_you_mean(name, names.iter().copied());
            let message =
                format!("`depends_on` names the service `{name}`, which does not exist{hint}");
            let at = node.map_or(service.at, |node| node.at);
            problems.push(BlueprintProblem::error(at, message).of(&service.name));
        }
    }
    blueprint.problems.extend(problems);
}
