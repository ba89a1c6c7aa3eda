//! Where services come from: checkouts of repositories, the blueprint, and the default values of variables.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use docker::{
    CancellationToken,
    git::{
        Branch, Checkout, CheckoutRequest, FileError, GitCredentials, GitError, GitWatch,
        Repository, path_part, read_file,
    },
};
use playground::{blueprint, environment::parse_env_file, failures::FailureCategory};
use serde_json::{Map, Value, json};
use wire::executors::operations::BranchClone;

use super::{
    error::OperationError,
    operation::{Operation, on_disk},
    secrets::{self, hide},
    services::{BranchChoice, ServiceSource},
};
use crate::attempt::progress_reporter::Halt;

/// No run of git takes longer.
const GIT_TIMEOUT: Duration = Duration::from_secs(600);
/// The longest file that is read of a checkout.
const FILE_BYTES: u64 = 4 << 20;

/// Where the services of an operation come from.
#[derive(Clone, Debug, Default)]
pub(super) struct Sources {
    /// The Compose file.
    pub(super) text: String,
    /// The checkout that the Compose file is in, and its path there, if it comes from one.
    pub(super) file: Option<(ServiceCheckout, PathBuf)>,
    /// By service.
    pub(super) checkouts: BTreeMap<String, ServiceCheckout>,
    /// The default values of variables, by service.
    pub(super) defaults: BTreeMap<String, BTreeMap<String, String>>,
}

/// A checkout that a service uses.
#[derive(Clone, Debug, Default)]
pub(super) struct ServiceCheckout {
    pub(super) files: PathBuf,
    pub(super) repository: String,
    pub(super) branch: String,
    /// Not known of one with changes that are in no commit.
    pub(super) commit: Option<String>,
}

/// What is checked out: the same for all services that say the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Wanted {
    repository: String,
    choice: BranchChoice,
    credential: Option<String>,
}

impl Wanted {
    /// The path of its checkout among those of the playground.
    fn place(&self) -> String {
        let branch = self.choice.branch.as_deref().unwrap_or("default branch");
        format!("{}/{}", path_part(&self.repository), path_part(branch))
    }
}

impl Operation<'_> {
    /// Clones what services are made from; without a repository there is nothing to do.
    pub(super) async fn sources(&mut self) -> Result<Sources, OperationError> {
        let given = &self.input.sources;
        let mut sources = Sources {
            text: given.compose_yaml.clone(),
            ..Sources::default()
        };
        let mut made = BTreeMap::new();
        if let Some(path) = &given.compose_path {
            self.phases.begin("repo_clone").await?;
            let wanted = self.of_compose_file()?;
            let checkout = self.checked_out(&wanted, &[], &mut made).await?;
            sources.text = read_file(&checkout.files, path, FILE_BYTES)
                .map_err(|error| OperationError::invalid(error.to_string()))?;
            sources.file = Some((checkout, path.into()));
        }
        let mut by_source: BTreeMap<Wanted, Vec<(String, ServiceSource)>> = BTreeMap::new();
        for service in blueprint::read(&sources.text).services {
            let mut source = ServiceSource::named(&service.name, given);
            source.labels = service.settings.unwrap_or_default();
            let own = source.repo_url().map(str::to_owned);
            let shared = given.repo_url.clone().filter(|_| source.is_dynamic());
            if let Some(repository) = own.or(shared) {
                let wanted = Wanted {
                    repository,
                    choice: source.branch(),
                    credential: source.git_credential(),
                };
                by_source
                    .entry(wanted)
                    .or_default()
                    .push((service.name, source));
            }
        }
        if !by_source.is_empty() && sources.file.is_none() {
            self.phases.begin("repo_clone").await?;
        }
        let mut places = BTreeMap::new();
        for (wanted, services) in by_source {
            let place = wanted.place();
            places.extend(
                services
                    .iter()
                    .map(|(name, _)| (name.clone(), place.clone())),
            );
            let names: Vec<String> = services.iter().map(|(name, _)| name.clone()).collect();
            let checkout = self.checked_out(&wanted, &names, &mut made).await?;
            for (name, source) in services {
                let defaults = default_values(&checkout, &source)?;
                sources.defaults.insert(name.clone(), defaults);
                if let Some(commit) = &checkout.commit {
                    self.outcome.commits.insert(name.clone(), commit.clone());
                }
                sources.checkouts.insert(name, checkout.clone());
            }
        }
        if self.phases.current() == Some("repo_clone") {
            let directory = self.directory.clone();
            on_disk("the playground's checkouts", move || {
                directory.save_sources(&places)
            })
            .await?;
            let clones = serde_json::to_value(&self.outcome.clones).unwrap_or_default();
            self.phases.complete(json!({ "clones": clones }));
        }
        Ok(sources)
    }

    /// The repository of the Compose file, at the branch that its services use.
    fn of_compose_file(&self) -> Result<Wanted, OperationError> {
        let given = &self.input.sources;
        let repository = given.repo_url.clone();
        let repository = repository.ok_or_else(|| {
            OperationError::invalid("`compose_path` needs the playspec's `repo_url`")
        })?;
        let names = given
            .playspec_services
            .iter()
            .map(|one| &one.name)
            .chain(given.services.keys());
        let sources: Vec<ServiceSource> = names
            .map(|name| ServiceSource::named(name, given))
            .collect();
        let uses = |source: &&ServiceSource| source.repo_url().is_none_or(|url| url == repository);
        let users = || sources.iter().filter(uses);
        let choice = users()
            .map(ServiceSource::branch)
            .find(|choice| choice.branch.is_some());
        Ok(Wanted {
            choice: choice.unwrap_or_default(),
            credential: users().find_map(ServiceSource::git_credential),
            repository,
        })
    }

    /// Makes or updates a checkout. One with changes of its own stays as it is.
    async fn checked_out(
        &mut self,
        wanted: &Wanted,
        services: &[String],
        made: &mut BTreeMap<Wanted, ServiceCheckout>,
    ) -> Result<ServiceCheckout, OperationError> {
        if let Some(checkout) = made.get(wanted) {
            let clone =
                self.outcome.clones.iter_mut().find(|one| {
                    one.repo_url == checkout.repository && one.branch == checkout.branch
                });
            clone
                .into_iter()
                .for_each(|clone| clone.services.extend_from_slice(services));
            return Ok(checkout.clone());
        }
        let mut clone = BranchClone {
            services: services.to_vec(),
            repo_url: wanted.repository.clone(),
            branch: wanted.choice.branch.clone().unwrap_or_default(),
            ..BranchClone::default()
        };
        self.printer
            .line(format!("{} {}", clone.repo_url, clone.branch));
        let updated = self.update(wanted).await;
        let place = self.checkout_place(wanted);
        let checkout = match updated {
            Ok(checked_out) => {
                "updated".clone_into(&mut clone.status);
                checked_out.branch.name().clone_into(&mut clone.branch);
                clone.commit_sha = Some(checked_out.commit);
                self.printer.line(format!(
                    "at {}",
                    clone.commit_sha.as_deref().unwrap_or_default()
                ));
                clone.commit_sha.clone()
            }
            Err(CheckoutFailure::Git(error @ (GitError::Dirty | GitError::Diverged(_)))) => {
                "dirty".clone_into(&mut clone.status);
                self.printer.line(format!("it stays as it is: {error}"));
                self.outcome
                    .warnings
                    .push(format!("{}: {error}", wanted.repository));
                self.outcome.dirty.extend_from_slice(services);
                None
            }
            Err(failure) => {
                "failed".clone_into(&mut clone.status);
                let error = failure.into_error(&wanted.repository);
                if let OperationError::Failed(failure) = &error {
                    clone.error_message = Some(failure.message.clone());
                }
                self.outcome.clones.push(clone);
                return Err(error);
            }
        };
        let checkout = ServiceCheckout {
            files: place.files,
            repository: clone.repo_url.clone(),
            branch: clone.branch.clone(),
            commit: checkout,
        };
        self.outcome.clones.push(clone);
        made.insert(wanted.clone(), checkout.clone());
        Ok(checkout)
    }

    async fn update(
        &mut self,
        wanted: &Wanted,
    ) -> Result<docker::git::CheckedOut, CheckoutFailure> {
        let credentials = match &wanted.credential {
            Some(name) => Some(self.git_credentials(name).await?),
            None => None,
        };
        let branch = |name: &Option<String>| name.as_deref().map(Branch::parse).transpose();
        let request = CheckoutRequest {
            repository: Repository::parse(&wanted.repository, self.playroom.git)?,
            branch: branch(&wanted.choice.branch)?,
            base: branch(&wanted.choice.base)?,
            credentials,
        };
        let (cancel, printer) = (CancellationToken::new(), self.printer.clone());
        let mut watch = GitWatch {
            timeout: GIT_TIMEOUT,
            cancel: &cancel,
            progress: &mut |line| printer.line(line),
        };
        Ok(self
            .checkout_place(wanted)
            .update(&request, &mut watch)
            .await?)
    }

    fn checkout_place(&self, wanted: &Wanted) -> Checkout {
        self.playroom.checkout(&self.directory, &wanted.place())
    }

    /// A login of the vault.
    async fn git_credentials(&self, name: &str) -> Result<GitCredentials, Halt> {
        let fields: Map<String, Value> = secrets::open(self.runner, self.taken, name).await?;
        let text = |field: &str| {
            fields
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let credentials = GitCredentials {
            username: text("username"),
            password: text("password"),
        };
        hide(self.printer.redactor(), [&credentials.password])?;
        Ok(credentials)
    }
}

/// Why there is no checkout.
enum CheckoutFailure {
    Git(GitError),
    Halt(Halt),
}

impl From<GitError> for CheckoutFailure {
    fn from(error: GitError) -> Self {
        Self::Git(error)
    }
}

impl From<Halt> for CheckoutFailure {
    fn from(halt: Halt) -> Self {
        Self::Halt(halt)
    }
}

impl CheckoutFailure {
    fn into_error(self, repository: &str) -> OperationError {
        let error = match self {
            Self::Halt(halt) => return OperationError::Halt(halt),
            Self::Git(error) => error,
        };
        let category = match error {
            GitError::DiskFull(_) => FailureCategory::DiskFull,
            GitError::Unreachable(_) => FailureCategory::Network,
            GitError::Denied(_) | GitError::Credentials(_) => FailureCategory::Permission,
            _ => FailureCategory::Unknown,
        };
        OperationError::of(category, format!("{repository}: {error}"))
    }
}

/// The default values that a checkout has for a service.
fn default_values(
    checkout: &ServiceCheckout,
    source: &ServiceSource,
) -> Result<BTreeMap<String, String>, OperationError> {
    let path = source.env_file();
    match read_file(&checkout.files, &path, FILE_BYTES) {
        Ok(text) => parse_env_file(&text).map_err(|problems| {
            let problems: Vec<String> = problems.iter().map(ToString::to_string).collect();
            OperationError::invalid(format!("{path}: {}", problems.join("; ")))
        }),
        // Nobody asked for it by its name.
        Err(FileError::NotFound(_)) if !source.names_env_file() => Ok(BTreeMap::new()),
        Err(error) => Err(OperationError::invalid(error.to_string())),
    }
}
