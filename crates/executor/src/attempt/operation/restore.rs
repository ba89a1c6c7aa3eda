//! Checkouts go back to the commits that a revision was made from.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use docker::{CancellationToken, git::GitWatch};
use playground::{compose::ComposeDocument, variables::unescape};
use serde_json::Value;
use wire::executors::operations::AppliedRevision;

use super::{
    clones::GIT_TIMEOUT,
    context::{Operation, on_disk},
    error::OperationError,
};

impl Operation<'_> {
    /// Puts the checkouts back that are mounted into what runs now.
    pub(super) async fn restore_applied_checkouts(&mut self) -> Result<(), OperationError> {
        match self.applied().cloned() {
            Some(applied) if !self.input.dry_run => {
                self.restore_checkouts(&applied).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Puts the checkouts that a revision mounts back to its commits. Answers the services whose checkout stays as
    /// it is: it has changes or commits of its own, or the commit is not there any more.
    pub(super) async fn restore_checkouts(
        &mut self,
        revision: &AppliedRevision,
    ) -> Result<Vec<String>, OperationError> {
        // One that cannot be read is told of by whoever goes there.
        let document = ComposeDocument::from_yaml(&revision.compose_yaml).unwrap_or_default();
        let mounted = self.mounted_checkouts(&document);
        let mut stay = Vec::new();
        for (service, place) in &mounted {
            let Some(commit) = revision.commits.get(service) else {
                continue;
            };
            let (cancel, printer) = (CancellationToken::new(), self.printer.clone());
            let mut watch = GitWatch {
                timeout: GIT_TIMEOUT,
                cancel: &cancel,
                progress: &mut |line| printer.line(line),
            };
            let checkout = self.playroom.checkout(&self.directory, place);
            let why = match checkout.restore(commit, &mut watch).await {
                Ok(true) => continue,
                Ok(false) => "it has changes or commits of its own".to_owned(),
                Err(error) => error.to_string(),
            };
            let warning = format!("{service}: the checkout does not go back to {commit}: {why}");
            self.printer.line(warning.clone());
            self.outcome.warnings.push(warning);
            stay.push(service.clone());
        }
        let directory = self.directory.clone();
        on_disk("the playground's checkouts", move || {
            let before = directory.sources()?;
            let mut places = before.clone();
            places.extend(mounted);
            match places == before {
                true => Ok(()),
                false => directory.save_sources(&places),
            }
        })
        .await?;
        Ok(stay)
    }

    /// The checkouts that services mount, by their paths among those of the playground.
    fn mounted_checkouts(&self, document: &ComposeDocument) -> BTreeMap<String, String> {
        let root = self.directory.checkouts();
        let mut mounted = BTreeMap::new();
        for (service, one) in &document.services {
            let sources = one.volumes.iter().filter_map(|mount| mount.get("source"));
            let paths = sources.filter_map(Value::as_str).map(unescape);
            let below = paths.filter_map(|path| {
                let path = PathBuf::from(path).strip_prefix(&root).ok()?.to_owned();
                // A repository's directory has one for each branch.
                let place: PathBuf = path.iter().take(2).collect();
                place.to_str().map(str::to_owned)
            });
            let places: BTreeSet<String> = below.collect();
            mounted.extend(places.into_iter().map(|place| (service.clone(), place)));
        }
        mounted
    }
}
