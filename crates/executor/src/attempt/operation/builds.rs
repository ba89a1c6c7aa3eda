//! Images of services that come from repositories.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use docker::{
    CancellationToken,
    build::{BuildError, BuildIdentity, BuildRequest, BuildWatch, BuiltImage},
    git::read_file,
};
use playground::{
    compose::ComposeService, failures::FailureCategory, project::marks, variables::unescape,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wire::executors::operations::BuildRecord;

use super::{
    context::Operation,
    error::OperationError,
    prepare::Prepared,
    sources::{ServiceCheckout, Sources},
};

/// One build may take so long.
const BUILD_TIMEOUT: Duration = Duration::from_secs(45 * 60);
/// The longest Dockerfile.
const DOCKERFILE_BYTES: u64 = 1 << 20;
/// So many lines of a build are kept.
const LINES: usize = 200;

/// A build that a service needs.
struct NeededBuild {
    identity: BuildIdentity,
    context: PathBuf,
}

impl Operation<'_> {
    /// Builds the images of services, or finds them built; answers their names by service.
    pub(super) async fn build(
        &mut self,
        prepared: &Prepared,
        sources: &Sources,
        pull: bool,
    ) -> Result<BTreeMap<String, String>, OperationError> {
        let mut needed = BTreeMap::new();
        for name in prepared.document.services.keys() {
            if let Some(build) = needed_build(name, prepared, sources)? {
                needed.insert(name.clone(), build);
            }
        }
        if needed.is_empty() {
            return Ok(BTreeMap::new());
        }
        self.phases.begin("image_build").await?;
        let mut tags = BTreeMap::new();
        for (name, build) in needed {
            let tag = self.build_one(&name, build, pull).await?;
            tags.insert(name, tag);
        }
        let builds = serde_json::to_value(&self.outcome.builds).unwrap_or_default();
        self.phases.complete(json!({ "builds": builds }));
        Ok(tags)
    }

    async fn build_one(
        &mut self,
        name: &str,
        build: NeededBuild,
        pull: bool,
    ) -> Result<String, OperationError> {
        let began = Instant::now();
        let mut record = BuildRecord {
            service_name: name.to_owned(),
            branch: Some(build.identity.branch.clone()),
            commit_sha: Some(build.identity.commit.clone()),
            build_identity_digest: build.identity.digest(),
            build_dockerfile_path: Some(build.identity.dockerfile.clone()),
            build_target: build.identity.target.clone(),
            image_ref: Some(build.identity.tag()),
            ..BuildRecord::default()
        };
        let target = self.target();
        let request = BuildRequest {
            identity: build.identity,
            context: build.context,
            labels: marks(target.id, &target.project, &target.owner),
            docker_config: self.directory.docker_config(),
            pull,
        };
        let built = self.run_build(&request, &mut record.logs).await;
        record.took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        match built {
            Ok(image) => {
                "success".clone_into(&mut record.status);
                record.reused = image.reused;
                let how = if image.reused {
                    "was built before"
                } else {
                    "built"
                };
                self.printer.line(format!("{name}: {} {how}", image.tag));
                self.outcome.builds.push(record);
                Ok(image.tag)
            }
            Err(error) => {
                "failed".clone_into(&mut record.status);
                record.error_message = Some(error.to_string());
                let lines = record.logs.clone();
                self.outcome.builds.push(record);
                Err(failed(name, error, lines))
            }
        }
    }

    async fn run_build(
        &self,
        request: &BuildRequest,
        lines: &mut Vec<String>,
    ) -> Result<BuiltImage, BuildError> {
        let printer = self.printer.clone();
        let waits = printer.clone();
        // It is killed when this is dropped, which is how an operation is stopped.
        let cancel = CancellationToken::new();
        let watch = BuildWatch {
            timeout: BUILD_TIMEOUT,
            cancel: &cancel,
            place: &mut |place| waits.line(format!("waits for other builds, at place {place}")),
            log: &mut |line| {
                printer.line(line);
                if lines.len() == LINES {
                    lines.remove(0);
                }
                lines.push(printer.redactor().text(line.to_owned()));
            },
        };
        self.playroom.builder.build(request, watch).await
    }
}

/// What a service is built from, if it is built.
fn needed_build(
    name: &str,
    prepared: &Prepared,
    sources: &Sources,
) -> Result<Option<NeededBuild>, OperationError> {
    let (service, source) = (&prepared.document.services[name], &prepared.sources[name]);
    let own = sources.checkouts.get(name);
    // A service with an image of its own is not built, wherever its source is.
    if source.image().is_some() || (own.is_none() && service.build.is_none()) {
        return Ok(None);
    }
    let invalid = |why: &str| OperationError::invalid(format!("service `{name}`: {why}"));
    let checkout = own.or(sources.file.as_ref().map(|(checkout, _)| checkout));
    let checkout = checkout
        .ok_or_else(|| invalid("it has `build` and no repository that it could be built from"))?;
    let text = |key: &str| build_text(service, key);
    let context = context(checkout, service, own.is_some())
        .ok_or_else(|| invalid("`build.context` is not inside the checkout"))?;
    let dockerfile = source.dockerfile().or_else(|| text("dockerfile"));
    let dockerfile = dockerfile.unwrap_or_else(|| "Dockerfile".to_owned());
    let content = read_file(&context, &dockerfile, DOCKERFILE_BYTES);
    let content = content.map_err(|error| invalid(&error.to_string()))?;
    let mut args = build_args(service);
    args.extend(source.build_args());
    let identity = BuildIdentity {
        repository: checkout.repository.clone(),
        service: name.to_owned(),
        branch: checkout.branch.clone(),
        commit: checkout.commit.clone().unwrap_or_else(uncommitted),
        dockerfile,
        dockerfile_digest: hex(&Sha256::digest(content)),
        target: source.build_target().or_else(|| text("target")),
        args,
        platform: service
            .rest
            .get("platform")
            .and_then(Value::as_str)
            .map(unescape),
    };
    Ok(Some(NeededBuild { identity, context }))
}

/// The directory that is built: the checkout, or the one in it that the file names.
fn context(checkout: &ServiceCheckout, service: &ComposeService, own: bool) -> Option<PathBuf> {
    let root = checkout.files.canonicalize().ok()?;
    let named = build_text(service, "context").filter(|_| !own);
    let context = named.map_or_else(|| root.clone(), PathBuf::from);
    let context = Path::canonicalize(&context).ok()?;
    context.starts_with(&root).then_some(context)
}

fn build_text(service: &ComposeService, key: &str) -> Option<String> {
    service.build.as_ref()?.get(key)?.as_str().map(unescape)
}

fn build_args(service: &ComposeService) -> BTreeMap<String, String> {
    let args = service
        .build
        .as_ref()
        .and_then(|build| build.get("args")?.as_object());
    let args = args.into_iter().flatten();
    args.filter_map(|(key, value)| Some((key.clone(), unescape(value.as_str()?))))
        .collect()
}

/// A checkout with changes of its own is like no other, and not like itself a moment later.
fn uncommitted() -> String {
    format!("uncommitted-{:016x}", rand::random::<u64>())
}

fn failed(name: &str, error: BuildError, lines: Vec<String>) -> OperationError {
    let message = error.to_string();
    let error = match error {
        BuildError::Engine(error) => return error.into(),
        BuildError::Io(error) => return OperationError::io("the build's directory", &error),
        BuildError::Missing(_) | BuildError::Compose { .. } => {
            let said = lines
                .iter()
                .rev()
                .find_map(|line| FailureCategory::of_line(line));
            let category = said.filter(|category| *category == FailureCategory::DiskFull);
            OperationError::of(category.unwrap_or(FailureCategory::ImageBuild), message)
        }
    };
    match error {
        OperationError::Failed(mut failure) => {
            failure.failed_service = Some(name.to_owned());
            failure.lines = lines;
            OperationError::Failed(failure)
        }
        halt @ OperationError::Halt(_) => halt,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
