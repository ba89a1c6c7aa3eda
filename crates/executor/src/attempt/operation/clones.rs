//! Checkouts of repositories.

use std::{collections::BTreeMap, time::Duration};

use docker::{
    CancellationToken,
    git::{
        Branch, CheckedOut, Checkout, CheckoutRequest, GitCredentials, GitError, GitWatch,
        Repository, path_part,
    },
};
use playground::failures::FailureCategory;
use serde_json::{Map, Value};
use wire::executors::operations::BranchClone;

use super::{
    context::Operation,
    error::OperationError,
    secrets::{self, hide},
    services::BranchChoice,
    sources::ServiceCheckout,
};
use crate::attempt::progress_reporter::Halt;

/// No run of git takes longer.
pub(super) const GIT_TIMEOUT: Duration = Duration::from_secs(600);

/// What is checked out: the same for all services that say the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct WantedCheckout {
    pub(super) repository: String,
    pub(super) choice: BranchChoice,
    pub(super) credential: Option<String>,
}

impl WantedCheckout {
    /// The path of its checkout among those of the playground.
    pub(super) fn place(&self) -> String {
        let branch = self.choice.branch.as_deref().unwrap_or("default branch");
        format!("{}/{}", path_part(&self.repository), path_part(branch))
    }
}

impl Operation<'_> {
    /// Makes or updates a checkout. One with changes of its own stays as it is.
    pub(super) async fn checked_out(
        &mut self,
        wanted: &WantedCheckout,
        services: &[String],
        made: &mut BTreeMap<WantedCheckout, ServiceCheckout>,
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

    async fn update(&mut self, wanted: &WantedCheckout) -> Result<CheckedOut, CheckoutFailure> {
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
        let place = self.checkout_place(wanted);
        if self.input.dry_run
            && let Some(current) = place.current(&mut watch).await?
        {
            // Containers have it mounted: a plan changes nothing for them.
            let at = format!(
                "planned with commit {} of {}, without a look for newer ones",
                current.commit, wanted.repository
            );
            self.outcome.warnings.push(at);
            return Ok(current);
        }
        Ok(place.update(&request, &mut watch).await?)
    }

    fn checkout_place(&self, wanted: &WantedCheckout) -> Checkout {
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
        let mut error = OperationError::of(category, format!("{repository}: {error}"));
        if let (OperationError::Failed(failure), FailureCategory::Unknown) = (&mut error, category)
        {
            failure.next_actions = vec![
                "check the repository's URL, its branch and the credential".to_owned(),
                "try again".to_owned(),
            ];
        }
        error
    }
}
