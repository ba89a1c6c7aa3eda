//! One bare repository for each remote one: what several playgrounds need is fetched once.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Branch, GitCredentials, GitError, GitWatch, Repository, command::Remote, stale};
use crate::{ChildError, lock::Lock};

/// A cached repository, locked.
pub(super) struct Cache {
    path: PathBuf,
    lock: Lock,
}

impl Cache {
    /// Opens it below `root`, and waits until no one else works on it.
    pub(super) async fn open(
        root: &Path,
        repository: &Repository,
        watch: &mut GitWatch<'_>,
    ) -> Result<Self, GitError> {
        let io = || GitError::io(format!("failed to open the git cache {}", root.display()));
        fs::create_dir_all(root).map_err(io())?;
        let path = root.join(repository.directory_name());
        let lock_file = path.with_extension("lock");
        let locked = watch
            .cancel
            .run_until_cancelled(Lock::wait(&lock_file))
            .await;
        let cancelled = ChildError::Cancelled { program: "git" };
        let lock = locked.ok_or(cancelled)?.map_err(io())?;
        stale::remove(&path).map_err(io())?;
        if !path.join("HEAD").is_file() {
            watch
                .git(&path, &["init", "--quiet", "--bare"], &lock)
                .await?;
        }
        Ok(Self { path, lock })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn at<'a>(
        &'a self,
        repository: &'a Repository,
        credentials: Option<&'a GitCredentials>,
    ) -> Remote<'a> {
        Remote {
            directory: &self.path,
            repository,
            credentials,
            lock: &self.lock,
        }
    }

    /// The branch that the repository itself names.
    pub(super) async fn default_branch(
        &self,
        repository: &Repository,
        credentials: Option<&GitCredentials>,
        watch: &mut GitWatch<'_>,
    ) -> Result<Branch, GitError> {
        let arguments = ["ls-remote", "--symref", "--", repository.url(), "HEAD"];
        let said = watch
            .remote(self.at(repository, credentials), &arguments)
            .await?;
        let head = said.lines().find_map(|line| {
            let name = line.strip_prefix("ref: refs/heads/")?;
            name.strip_suffix("\tHEAD")
        });
        Branch::parse(head.ok_or_else(|| GitError::NoBranch("HEAD".into()))?)
    }

    /// Fetches the newest commit of a branch, answers with its id.
    pub(super) async fn fetch(
        &self,
        repository: &Repository,
        credentials: Option<&GitCredentials>,
        branch: &Branch,
        watch: &mut GitWatch<'_>,
    ) -> Result<String, GitError> {
        let reference = branch.reference();
        // Only the branch of this name, and without tags: what is not asked for costs nothing.
        let both = format!("+{reference}:{reference}");
        let arguments = [
            "fetch",
            "--quiet",
            "--depth=1",
            "--no-tags",
            "--force",
            "--",
            repository.url(),
            &both,
        ];
        let fetched = watch
            .remote(self.at(repository, credentials), &arguments)
            .await;
        match fetched {
            Ok(_) => self.commit(branch, watch).await,
            Err(GitError::Run(error))
                if error
                    .lines()
                    .iter()
                    .any(|line| line.contains("couldn't find remote ref")) =>
            {
                Err(GitError::NoBranch(branch.to_string()))
            }
            Err(error) => Err(error),
        }
    }

    async fn commit(&self, branch: &Branch, watch: &mut GitWatch<'_>) -> Result<String, GitError> {
        let reference = branch.reference();
        let said = watch
            .git(
                &self.path,
                &["rev-parse", "--verify", &reference],
                &self.lock,
            )
            .await?;
        Ok(said.trim().to_owned())
    }
}
