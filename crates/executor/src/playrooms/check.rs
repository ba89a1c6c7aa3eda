//! Whether the compose tool and the policy take a file, before there is a playground.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use docker::{CancellationToken, compose::Watch};
use playground::{
    blueprint,
    compose::ComposeDocument,
    labels::{ServiceLabels, ServiceShape},
    policy::{self, PlaygroundPaths, Policy},
    template, variables,
};
use wire::playgrounds::{CheckedCompose, CheckedService};

use super::{PlaygroundDirectory, Playroom};
use crate::directory;

/// The compose tool only reads a file.
const TIMEOUT: Duration = Duration::from_secs(20);

/// What stands for a variable that a playground will set: a text that is a number as well.
const PLACEHOLDER: &str = "1";

impl Playroom {
    /// Checks the text of a Compose file.
    pub(crate) async fn check(
        &self,
        policy: &serde_json::Value,
        text: &str,
    ) -> Result<CheckedCompose, String> {
        let policy: Policy = if policy.is_null() {
            Policy::default()
        } else {
            serde_json::from_value(policy.clone()).map_err(|error| error.to_string())?
        };
        let read = blueprint::read(text);
        let text = &template::read(text).text;
        let mut checked = CheckedCompose {
            services: read
                .services
                .iter()
                .map(|service| CheckedService {
                    name: service.name.clone(),
                    ports: service.ports.clone(),
                })
                .collect(),
            errors: read.errors().map(ToString::to_string).collect(),
            warnings: read.warnings().map(ToString::to_string).collect(),
            valid: false,
        };
        let names = variables::names(text).into_iter();
        let values: BTreeMap<String, String> =
            names.map(|name| (name, PLACEHOLDER.to_owned())).collect();
        let refused = policy::check_text(text, &values, &policy);
        checked
            .errors
            .extend(refused.iter().map(ToString::to_string));
        if checked.errors.is_empty() {
            checked.errors = self.check_with_tool(text, &values, &policy).await?;
        }
        checked.valid = checked.errors.is_empty();
        Ok(checked)
    }

    /// What is wrong with a text that looks good.
    async fn check_with_tool(
        &self,
        text: &str,
        values: &BTreeMap<String, String>,
        policy: &Policy,
    ) -> Result<Vec<String>, String> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("check-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let place = self.directory(&name).map_err(|error| error.to_string())?;
        let written = write(&place, text);
        let checked = match written {
            Ok(file) => Ok(self.judge(&place, file, values, policy).await),
            Err(error) => Err(format!("the file cannot be checked: {error}")),
        };
        directory::remove(place.path());
        checked
    }

    async fn judge(
        &self,
        place: &PlaygroundDirectory,
        file: PathBuf,
        values: &BTreeMap<String, String>,
        policy: &Policy,
    ) -> Vec<String> {
        let mut project = self.project("check", place, file);
        project.directory = place.blueprint();
        let cancel = CancellationToken::new();
        let watch = Watch {
            timeout: TIMEOUT,
            cancel: &cancel,
            progress: &mut |_| {},
        };
        let value = match project.config(values, &[], watch).await {
            Ok(value) => value,
            Err(error) => {
                let said = error.lines().last().cloned();
                let said = said.unwrap_or_else(|| error.to_string());
                // A playspec may say from which repository it is built.
                let unsourced = said.contains("neither an image nor a build context");
                return if unsourced { Vec::new() } else { vec![said] };
            }
        };
        let document: ComposeDocument = match serde_json::from_value(value) {
            Ok(document) => document,
            Err(error) => return vec![format!("the Compose document is not readable: {error}")],
        };
        let (mut problems, mut routed) = (Vec::new(), BTreeSet::new());
        for (name, service) in &document.services {
            let shape = ServiceShape {
                ports: !service.ports.is_empty(),
                container_name: service.rest.contains_key("container_name"),
                healthcheck: service.rest.contains_key("healthcheck"),
                repository: true,
            };
            match ServiceLabels::parse(&service.plain_labels(), shape) {
                Ok(labels) => routed.extend(labels.port.map(|_| name.clone())),
                Err(wrong) => {
                    problems.extend(wrong.iter().map(|one| format!("service `{name}`: {one}")));
                }
            }
        }
        let places = places(&document, &[place.blueprint()]);
        let refused = policy::check(&document, policy, &places, &routed);
        problems.extend(refused.iter().map(ToString::to_string));
        problems
    }
}

fn write(place: &PlaygroundDirectory, text: &str) -> io::Result<PathBuf> {
    fs::create_dir_all(place.docker_config())?;
    // Alone, as it will be: the home directory of the tool is beside it.
    fs::create_dir_all(place.blueprint())?;
    let file = place.blueprint().join("compose.yml");
    place.put(&file, text)?;
    Ok(file)
}

/// Where a document may reach, with all links followed.
pub(crate) fn places(document: &ComposeDocument, own: &[PathBuf]) -> PlaygroundPaths {
    let text = |path: PathBuf| path.to_string_lossy().into_owned();
    let paths = policy::host_paths(document).into_iter();
    let resolved = paths.map(|path| {
        let real = text(real_path(Path::new(&path.path)));
        (path.path, real)
    });
    PlaygroundPaths {
        resolved: resolved.collect(),
        own: own.iter().map(|path| text(real_path(path))).collect(),
        written: Vec::new(),
    }
}

/// A path without links, as far as it is there.
fn real_path(path: &Path) -> PathBuf {
    for ancestor in path.ancestors() {
        if let (Ok(real), Ok(rest)) = (ancestor.canonicalize(), path.strip_prefix(ancestor)) {
            return if rest.as_os_str().is_empty() {
                real
            } else {
                real.join(rest)
            };
        }
    }
    path.to_owned()
}
