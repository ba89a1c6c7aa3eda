//! One branch of a repository, as files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Branch, GitCredentials, GitError, GitWatch, Repository, cache::Cache, command, stale};
use crate::{ChildError, lock::Lock};

/// The commit of the repository that the files were made from.
const BASE: &str = "refs/playhouse/base";
/// The newest one of the repository.
const NEWEST: &str = "refs/playhouse/newest";

/// A checkout: a directory with files, and a git directory elsewhere.
#[derive(Clone, Debug)]
pub struct Checkout {
    /// The files.
    pub files: PathBuf,
    /// The git directory, which no container gets to see.
    pub git_directory: PathBuf,
    /// The directory with the bare repositories that checkouts share.
    pub cache: PathBuf,
}

/// What a checkout shall have.
#[derive(Clone, Debug)]
pub struct CheckoutRequest {
    /// The repository.
    pub repository: Repository,
    /// The branch; the repository's own choice if none.
    pub branch: Option<Branch>,
    /// The branch from which `branch` is made when the repository does not have it.
    pub base: Option<Branch>,
    /// For a repository over HTTP.
    pub credentials: Option<GitCredentials>,
}

/// What a checkout has.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CheckedOut {
    /// The branch.
    pub branch: Branch,
    /// The id of its commit.
    pub commit: String,
    /// True when the repository does not have the branch: it was made here, from its base.
    pub created: bool,
}

impl Checkout {
    /// Makes it, or brings it to the newest commit. What was begun and not finished is made again.
    ///
    /// # Errors
    /// When it has changes of its own, the repository has no such branch, or cannot be reached. Then the
    /// files stay as they were.
    pub async fn update(
        &self,
        request: &CheckoutRequest,
        watch: &mut GitWatch<'_>,
    ) -> Result<CheckedOut, GitError> {
        let cache = Cache::open(&self.cache, &request.repository, watch).await?;
        let (from, wanted) = request.fetch(&cache, watch).await?;
        let work = self.open().await?;
        let interrupted = work.interrupted();
        let present = work.head(watch).await?.filter(|_| !interrupted);
        if present.is_some() && work.is_dirty(watch).await? {
            return Err(GitError::Dirty);
        }
        if let Some(commit) = present {
            let own = work.resolve(BASE, watch).await? != Some(commit.clone());
            // What was made here stays where it is, whatever its base does.
            if wanted.created && work.branch(watch).await? == wanted.branch.name() {
                return Ok(CheckedOut { commit, ..wanted });
            }
            if own {
                return Err(GitError::Diverged(wanted.branch.to_string()));
            }
        }
        work.fetch(&cache, &from, watch).await?;
        work.write(&wanted, watch).await?;
        Ok(wanted)
    }

    /// What it has now; none when there is nothing, or nothing whole.
    ///
    /// # Errors
    /// When it has changes, or git fails.
    pub async fn current(&self, watch: &mut GitWatch<'_>) -> Result<Option<CheckedOut>, GitError> {
        if !self.git_directory.join("HEAD").is_file() {
            return Ok(None);
        }
        let work = self.open().await?;
        let present = work.head(watch).await?.filter(|_| !work.interrupted());
        let Some(commit) = present else {
            return Ok(None);
        };
        if work.is_dirty(watch).await? {
            return Err(GitError::Dirty);
        }
        Ok(Some(CheckedOut {
            branch: Branch::parse(&work.branch(watch).await?)?,
            commit,
            created: false,
        }))
    }

    /// Puts the files back to a commit of the branch that was here before. False when they stay as they are, because
    /// there are changes or commits that the repository does not have. What was interrupted is made good.
    ///
    /// # Errors
    /// When git fails, as where the commit was never here.
    pub async fn restore(&self, commit: &str, watch: &mut GitWatch<'_>) -> Result<bool, GitError> {
        if !self.git_directory.join("HEAD").is_file() {
            return Ok(false);
        }
        let work = self.open().await?;
        if !work.interrupted() {
            let present = work.head(watch).await?;
            if present.as_deref() == Some(commit) {
                return Ok(true);
            }
            let own = work.resolve(BASE, watch).await? != present;
            if own || work.is_dirty(watch).await? {
                return Ok(false);
            }
        }
        let known = format!("{commit}^{{commit}}");
        work.git(&["cat-file", "-e", &known], watch).await?;
        let wanted = CheckedOut {
            branch: Branch::parse(&work.branch(watch).await?)?,
            commit: commit.to_owned(),
            created: false,
        };
        work.write(&wanted, watch).await.map(|()| true)
    }

    /// True when a file was changed, added or removed that git does not ignore. A checkout whose update was
    /// interrupted is not: the next update finishes it.
    ///
    /// # Errors
    /// When git fails.
    pub async fn is_dirty(&self, watch: &mut GitWatch<'_>) -> Result<bool, GitError> {
        if !self.git_directory.join("HEAD").is_file() {
            return Ok(false);
        }
        let work = self.open().await?;
        Ok(
            !work.interrupted()
                && work.head(watch).await?.is_some()
                && work.is_dirty(watch).await?,
        )
    }

    /// Makes the directories, and locks them. A git that was left behind by a crash is killed.
    async fn open(&self) -> Result<LockedCheckout<'_>, GitError> {
        let io = |path: &Path| GitError::io(format!("failed to use {}", path.display()));
        fs::create_dir_all(&self.files).map_err(io(&self.files))?;
        fs::create_dir_all(&self.git_directory).map_err(io(&self.git_directory))?;
        let path = self.git_directory.join("playhouse.lock-file");
        let lock = Lock::take(&path).await.map_err(io(&path))?;
        let ends_not = |process| io::Error::other(format!("process {process} does not end"));
        let lock = lock.map_err(ends_not).map_err(io(&path))?;
        stale::remove(&self.git_directory).map_err(io(&self.git_directory))?;
        Ok(LockedCheckout {
            checkout: self,
            lock,
        })
    }
}

/// A checkout on which nobody else works.
struct LockedCheckout<'a> {
    checkout: &'a Checkout,
    lock: Lock,
}

impl LockedCheckout<'_> {
    /// There while files are written: their state is nobody's doing then.
    fn marker(&self) -> PathBuf {
        self.checkout.git_directory.join("playhouse.writing")
    }

    fn interrupted(&self) -> bool {
        self.marker().exists()
    }

    async fn is_dirty(&self, watch: &mut GitWatch<'_>) -> Result<bool, GitError> {
        // Git does not look into other repositories below, whose configuration it would obey.
        let arguments = ["status", "--porcelain", "--ignore-submodules=all"];
        Ok(!self.git(&arguments, watch).await?.is_empty())
    }

    /// The commit that is checked out.
    async fn head(&self, watch: &mut GitWatch<'_>) -> Result<Option<String>, GitError> {
        if !self.checkout.git_directory.join("HEAD").is_file() {
            let initial = ["init", "--quiet", "--bare"];
            watch
                .git(&self.checkout.git_directory, &initial, &self.lock)
                .await?;
        }
        match self
            .git(&["rev-parse", "--quiet", "--verify", "HEAD"], watch)
            .await
        {
            Ok(said) => Ok(Some(said.trim().to_owned())),
            // Nothing was checked out yet.
            Err(GitError::Run(ChildError::Failed { exit_code: 1, .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn resolve(
        &self,
        reference: &str,
        watch: &mut GitWatch<'_>,
    ) -> Result<Option<String>, GitError> {
        let arguments = ["for-each-ref", "--format=%(objectname)", reference];
        let said = self.git(&arguments, watch).await?;
        Ok(Some(said.trim().to_owned()).filter(|id| !id.is_empty()))
    }

    /// The name of the branch that is checked out.
    async fn branch(&self, watch: &mut GitWatch<'_>) -> Result<String, GitError> {
        let said = self
            .git(&["symbolic-ref", "--short", "HEAD"], watch)
            .await?;
        Ok(said.trim().to_owned())
    }

    async fn fetch(
        &self,
        cache: &Cache,
        from: &Branch,
        watch: &mut GitWatch<'_>,
    ) -> Result<(), GitError> {
        let mut command = command::command(&self.checkout.git_directory, &["file"]);
        command.args(["fetch", "--quiet", "--update-shallow", "--no-tags", "--"]);
        command
            .arg(cache.path())
            .arg(format!("+{}:{NEWEST}", from.reference()));
        watch.run(command, &self.lock).await.map(drop)
    }

    async fn write(&self, wanted: &CheckedOut, watch: &mut GitWatch<'_>) -> Result<(), GitError> {
        let marker = self.marker();
        let io = || GitError::io(format!("failed to use {}", marker.display()));
        fs::write(&marker, "").map_err(io())?;
        let (name, commit) = (wanted.branch.name(), wanted.commit.as_str());
        let arguments = ["checkout", "--quiet", "--force", "-B", name, commit, "--"];
        self.git(&arguments, watch).await?;
        self.git(&["update-ref", BASE, commit], watch).await?;
        fs::remove_file(&marker).map_err(io())
    }

    async fn git(&self, arguments: &[&str], watch: &mut GitWatch<'_>) -> Result<String, GitError> {
        let mut command = command::command(&self.checkout.git_directory, &[]);
        command.arg("--work-tree").arg(&self.checkout.files);
        command.args(["-c", "core.bare=false"]).args(arguments);
        command.current_dir(&self.checkout.files);
        watch.run(command, &self.lock).await
    }
}

impl CheckoutRequest {
    /// Fetches into the cache; answers with the branch from which the files come, and what they are.
    async fn fetch(
        &self,
        cache: &Cache,
        watch: &mut GitWatch<'_>,
    ) -> Result<(Branch, CheckedOut), GitError> {
        let (repository, credentials) = (&self.repository, self.credentials.as_ref());
        let branch = match &self.branch {
            Some(branch) => branch.clone(),
            None => cache.default_branch(repository, credentials, watch).await?,
        };
        let fetched = cache.fetch(repository, credentials, &branch, watch).await;
        let (from, commit, created) = match (fetched, &self.base) {
            (Ok(commit), _) => (branch.clone(), commit, false),
            (Err(GitError::NoBranch(_)), Some(base)) => {
                let commit = cache.fetch(repository, credentials, base, watch).await?;
                (base.clone(), commit, true)
            }
            (Err(error), _) => return Err(error),
        };
        let checked_out = CheckedOut {
            branch,
            commit,
            created,
        };
        Ok((from, checked_out))
    }
}
