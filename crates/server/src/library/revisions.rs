//! Revisions: each text that was listed, started or written is kept, and can be read and compared.

use std::sync::Arc;

use store::revisions::{Revision, RevisionRow};

use super::{Found, Library, PlaybookPath, blobs, missing};
use crate::{app::App, refusal::Refusal};
use sha2::{Digest, Sha256};

/// Texts that are written in one transaction.
const AT_ONCE: usize = 100;
/// A hash may be shortened to this.
const SHORTEST: usize = 7;

impl Library {
    /// Keeps the texts of playbooks that were not kept since the server started.
    pub(crate) async fn keep(&self, app: &App, found: &[Arc<Found>]) -> Result<(), Refusal> {
        let texts = found.iter().filter(|one| !one.text.is_empty());
        let texts = texts.map(|one| (one.path.as_str(), one.revision.as_str(), one.text.as_str()));
        let new = self.unkept(texts);
        self.keep_all(app, new).await
    }

    /// The same, of the texts that an execution starts with, by path.
    pub(crate) async fn keep_bundle<'a>(
        &self,
        app: &App,
        texts: impl Iterator<Item = (&'a String, &'a String)>,
    ) -> Result<(), Refusal> {
        let hashed: Vec<_> = texts
            .map(|(path, text)| (path, blobs::hex(&Sha256::digest(text)), text))
            .collect();
        let hashed = hashed
            .iter()
            .map(|(path, hash, text)| (path.as_str(), hash.as_str(), text.as_str()));
        let new = self.unkept(hashed);
        self.keep_all(app, new).await
    }

    fn unkept<'a>(
        &self,
        texts: impl Iterator<Item = (&'a str, &'a str, &'a str)>,
    ) -> Vec<Revision> {
        let kept = self.kept();
        let new = texts.filter(|(path, hash, _)| kept.get(*path).is_none_or(|last| last != hash));
        new.map(|(path, hash, text)| Revision {
            path: path.to_owned(),
            hash: hash.to_owned(),
            text: text.to_owned(),
        })
        .collect()
    }

    async fn keep_all(&self, app: &App, new: Vec<Revision>) -> Result<(), Refusal> {
        for some in new.chunks(AT_ONCE) {
            let (some, now) = (some.to_vec(), app.now_ms());
            let names: Vec<_> = some
                .iter()
                .map(|one| (one.path.clone(), one.hash.clone()))
                .collect();
            let work =
                move |batch: &mut store::Batch<'_, '_>| store::revisions::keep(batch, &some, now);
            app.store.write(work).await?;
            self.kept().extend(names);
        }
        Ok(())
    }
}

/// The revisions of a playbook that are kept, newest first, among them that of its file.
pub(crate) async fn revisions(
    app: &App,
    path: &PlaybookPath,
) -> Result<(Vec<RevisionRow>, Option<Arc<Found>>), Refusal> {
    let current = match app.library.get(path.clone()).await {
        Ok(found) => Some(found),
        Err(refusal) if refusal.code == Some(super::NOT_FOUND) => None,
        Err(refusal) => return Err(refusal),
    };
    if let Some(found) = &current {
        app.library.keep(app, std::slice::from_ref(found)).await?;
    }
    let wanted = path.as_str().to_owned();
    let rows = app
        .store
        .read(move |read| store::revisions::of_path(read, &wanted))
        .await?;
    if rows.is_empty() && current.is_none() {
        return Err(missing(path.as_str()));
    }
    Ok((rows, current))
}

/// The whole hash of a revision of which the beginning is given.
pub(crate) fn resolve(rows: &[RevisionRow], field: &str, given: &str) -> Result<String, Refusal> {
    let given = given.to_ascii_lowercase();
    let mut found = rows.iter().filter(|row| row.hash.starts_with(&given));
    match (found.next(), found.next()) {
        (Some(row), None) if given.len() >= SHORTEST => Ok(row.hash.clone()),
        _ => {
            let message = format!(
                "{field} must be a revision of the playbook, or the first characters of one"
            );
            Err(Refusal::field(field, message))
        }
    }
}

/// The text of a revision.
pub(crate) async fn revision_text(app: &App, hash: &str) -> Result<String, Refusal> {
    let wanted = hash.to_owned();
    let text = app
        .store
        .read(move |read| store::revisions::text(read, &wanted))
        .await?;
    let text = text.and_then(|bytes| String::from_utf8(bytes).ok());
    text.ok_or_else(|| Refusal::internal("the text of a revision is missing"))
}
