//! The checkouts of a playground, and whether they have changes that are in no commit.

use std::{fs, path::Path, time::Duration};

use docker::{
    CancellationToken,
    git::{Checkout, GitError, GitWatch},
};

use super::{PlaygroundDirectory, Playroom};

/// A look at the files of a checkout may take so long.
const LOOK_TIMEOUT: Duration = Duration::from_secs(60);

impl Playroom {
    /// A checkout of a playground; `name` is its path among them.
    pub(crate) fn checkout(&self, directory: &PlaygroundDirectory, name: &str) -> Checkout {
        Checkout {
            files: directory.checkouts().join(name),
            git_directory: directory.git().join(name),
            cache: self.git_cache(),
        }
    }

    /// The services whose checkouts have changes that are in no commit; of a branch that no service uses any
    /// more, the path of the checkout.
    pub(crate) async fn dirty(
        &self,
        directory: &PlaygroundDirectory,
    ) -> Result<Vec<String>, GitError> {
        let sources = directory.sources().unwrap_or_default();
        let cancel = CancellationToken::new();
        let mut dirty = Vec::new();
        for name in checkouts(&directory.git()) {
            let mut watch = GitWatch {
                timeout: LOOK_TIMEOUT,
                cancel: &cancel,
                progress: &mut |_| {},
            };
            let checkout = self.checkout(directory, &name);
            if !checkout.files.exists() || !checkout.is_dirty(&mut watch).await? {
                continue;
            }
            let users = sources.iter().filter(|(_, place)| **place == name);
            let before = dirty.len();
            dirty.extend(users.map(|(service, _)| service.clone()));
            if dirty.len() == before {
                dirty.push(name);
            }
        }
        Ok(dirty)
    }
}

/// The paths of all checkouts, those of earlier branches too: a repository's directory has one for each branch.
fn checkouts(git: &Path) -> Vec<String> {
    let below = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name()).collect::<Vec<_>>()
    };
    let mut names = Vec::new();
    for repository in below(git) {
        for branch in below(&git.join(&repository)) {
            let name = Path::new(&repository).join(branch);
            names.extend(name.to_str().map(str::to_owned));
        }
    }
    names
}
