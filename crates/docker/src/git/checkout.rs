//! One branch of a repository, as files.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::{Branch, GitCredentials, GitError, GitWatch, Repository, cache::Cache, command};

/// Where git keeps what it knows of the remote branch.
const REMOTE: &str = "refs/playhouse/remote";

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
pub struct Wanted {
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
        wanted: &Wanted,
        watch: &mut GitWatch<'_>,
    ) -> Result<CheckedOut, GitError> {
        let cache = Cache::open(&self.cache, &wanted.repository, watch).await?;
        let source = wanted.fetch(&cache, watch).await?;
        let present = self.head(watch).await?;
        if present.is_some() && self.is_dirty(watch).await? {
            return Err(GitError::Dirty);
        }
        self.prepare(watch).await?;
        let fetched = format!("+{}:{REMOTE}", source.from.reference());
        let known = self.resolve(REMOTE, watch).await?;
        self.fetch_from(&cache, &fetched, watch).await?;
        // The files are those of the commit that was fetched before, or there are commits of their own.
        let own = present.is_some() && present != known;
        if own && !source.checked_out.created {
            return Err(GitError::Diverged(source.checked_out.branch.to_string()));
        }
        if own {
            let commit = present.unwrap_or_default();
            return Ok(CheckedOut {
                commit,
                ..source.checked_out
            });
        }
        self.write(&source.checked_out, watch).await?;
        Ok(source.checked_out)
    }

    /// True when a file was changed, added or removed that git does not ignore.
    ///
    /// # Errors
    /// When git fails.
    pub async fn is_dirty(&self, watch: &mut GitWatch<'_>) -> Result<bool, GitError> {
        // Git does not look into other repositories below, whose configuration it would obey.
        let arguments = ["status", "--porcelain", "--ignore-submodules=all"];
        Ok(!self.git(&arguments, watch).await?.is_empty())
    }

    /// The id of its commit; none when nothing is checked out.
    ///
    /// # Errors
    /// When git fails.
    pub async fn head(&self, watch: &mut GitWatch<'_>) -> Result<Option<String>, GitError> {
        if !self.git_directory.join("HEAD").is_file() || !self.files.is_dir() {
            return Ok(None);
        }
        self.resolve("HEAD", watch).await
    }

    async fn resolve(
        &self,
        reference: &str,
        watch: &mut GitWatch<'_>,
    ) -> Result<Option<String>, GitError> {
        let arguments = ["for-each-ref", "--format=%(objectname)", reference];
        if reference != "HEAD" {
            let said = self.git(&arguments, watch).await?;
            return Ok(Some(said.trim().to_owned()).filter(|id| !id.is_empty()));
        }
        let arguments = ["rev-parse", "--quiet", "--verify", "HEAD"];
        match self.git(&arguments, watch).await {
            Ok(said) => Ok(Some(said.trim().to_owned())),
            // No branch was checked out yet.
            Err(GitError::Run(crate::ChildError::Failed { exit_code: 1, .. })) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn prepare(&self, watch: &mut GitWatch<'_>) -> Result<(), GitError> {
        let io = |path: &Path| GitError::io(format!("failed to make {}", path.display()));
        fs::create_dir_all(&self.files).map_err(io(&self.files))?;
        fs::create_dir_all(&self.git_directory).map_err(io(&self.git_directory))?;
        if !self.git_directory.join("HEAD").is_file() {
            let initial = ["init", "--quiet", "--bare"];
            watch.git(&self.git_directory, &initial).await?;
        }
        Ok(())
    }

    async fn fetch_from(
        &self,
        cache: &Cache,
        what: &str,
        watch: &mut GitWatch<'_>,
    ) -> Result<(), GitError> {
        let mut command = command::command(&self.git_directory, &["file"]);
        let options = ["fetch", "--quiet", "--update-shallow", "--no-tags", "--"];
        command.args(options).arg(cache.path()).arg(what);
        watch.run(command).await.map(drop)
    }

    async fn write(
        &self,
        checked_out: &CheckedOut,
        watch: &mut GitWatch<'_>,
    ) -> Result<(), GitError> {
        let name = checked_out.branch.name();
        let arguments = [
            "checkout",
            "--quiet",
            "--force",
            "-B",
            name,
            &checked_out.commit,
            "--",
        ];
        self.git(&arguments, watch).await.map(drop)
    }

    async fn git(&self, arguments: &[&str], watch: &mut GitWatch<'_>) -> Result<String, GitError> {
        let mut command = command::command(&self.git_directory, &[]);
        command.arg("--work-tree").arg(&self.files);
        command.args(["-c", "core.bare=false"]).args(arguments);
        command.current_dir(&self.files);
        watch.run(command).await
    }
}

/// What was fetched: the branch from which the files come, and what they are.
struct Source {
    from: Branch,
    checked_out: CheckedOut,
}

impl Wanted {
    async fn fetch(&self, cache: &Cache, watch: &mut GitWatch<'_>) -> Result<Source, GitError> {
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
        Ok(Source { from, checked_out })
    }
}
