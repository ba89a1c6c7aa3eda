//! The checkouts of a playground, and whether they have changes that are in no commit.

use std::{collections::BTreeMap, path::Path, time::Duration};

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

    /// The services whose checkouts have changes that are in no commit.
    pub(crate) async fn dirty(
        &self,
        directory: &PlaygroundDirectory,
    ) -> Result<Vec<String>, GitError> {
        let sources = directory.sources().unwrap_or_default();
        let mut known: BTreeMap<&str, bool> = BTreeMap::new();
        let cancel = CancellationToken::new();
        for name in sources.values() {
            if known.contains_key(name.as_str()) || !Path::exists(&directory.checkouts().join(name))
            {
                continue;
            }
            let mut watch = GitWatch {
                timeout: LOOK_TIMEOUT,
                cancel: &cancel,
                progress: &mut |_| {},
            };
            let dirty = self.checkout(directory, name).is_dirty(&mut watch).await?;
            known.insert(name, dirty);
        }
        let dirty = sources
            .iter()
            .filter(|(_, name)| known.get(name.as_str()) == Some(&true));
        Ok(dirty.map(|(service, _)| service.clone()).collect())
    }
}
