//! What a playbook was: its revisions, their texts, and what changed from one to another.

use serde::Deserialize;
use similar::TextDiff;
use wire::{
    Timestamp,
    playbooks::{PlaybookDiff, PlaybookRevision, PlaybookRevisions, PlaybookText},
};

use crate::{
    app::App,
    http::body::offload,
    library::{self, PlaybookPath},
    refusal::Refusal,
};

/// Lines around a change.
const CONTEXT: usize = 3;

/// Which revisions.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct RevisionQuery {
    /// With `/export`: a revision, or its first characters; without it the file.
    pub(super) revision: Option<String>,
    /// With `/diff`: the old revision; without it the one before `to`.
    pub(super) from: Option<String>,
    /// With `/diff`: the new revision; without it the file.
    pub(super) to: Option<String>,
}

pub(super) async fn list(app: &App, path: &PlaybookPath) -> Result<PlaybookRevisions, Refusal> {
    let (rows, current) = library::revisions(app, path).await?;
    let current = current.map(|found| found.revision.clone());
    let revisions = rows.into_iter().map(|row| PlaybookRevision {
        current: current.as_ref() == Some(&row.hash),
        seen_at: Timestamp(row.seen_at),
        revision: row.hash,
    });
    Ok(PlaybookRevisions {
        path: path.as_str().to_owned(),
        revisions: revisions.collect(),
    })
}

pub(super) async fn diff(
    app: &App,
    path: &PlaybookPath,
    query: RevisionQuery,
) -> Result<PlaybookDiff, Refusal> {
    let (rows, current) = library::revisions(app, path).await?;
    let newest = current.map(|found| found.revision.clone());
    let newest = newest.or_else(|| rows.first().map(|row| row.hash.clone()));
    let to = match (&query.to, newest) {
        (Some(to), _) => library::resolve(&rows, "to", to)?,
        (None, Some(newest)) => newest,
        (None, None) => return Err(Refusal::field("to", "to: there is no revision")),
    };
    let from = match &query.from {
        Some(from) => library::resolve(&rows, "from", from)?,
        None => before(&rows, &to).unwrap_or_else(|| to.clone()),
    };
    let (old, new) = (
        library::revision_text(app, &from).await?,
        library::revision_text(app, &to).await?,
    );
    let (old_name, new_name) = (name(path, &from), name(path, &to));
    let work = move || {
        TextDiff::from_lines(&old, &new)
            .unified_diff()
            .context_radius(CONTEXT)
            .header(&old_name, &new_name)
            .to_string()
    };
    // A long text is compared elsewhere.
    let diff = offload(usize::MAX, work).await;
    Ok(PlaybookDiff {
        path: path.as_str().to_owned(),
        from,
        to,
        diff,
    })
}

/// The revision that was there before another.
fn before(rows: &[store::revisions::RevisionRow], hash: &str) -> Option<String> {
    let place = rows.iter().position(|row| row.hash == hash)?;
    // The newest one that is another: of one that came back, the last that was there meanwhile.
    let older = rows
        .get(place + 1)
        .or_else(|| rows.iter().find(|row| row.hash != hash));
    older.map(|row| row.hash.clone())
}

fn name(path: &PlaybookPath, hash: &str) -> String {
    format!("{path}@{}", &hash[..hash.len().min(12)])
}

pub(super) async fn export(
    app: &App,
    path: &PlaybookPath,
    query: RevisionQuery,
) -> Result<PlaybookText, Refusal> {
    let (revision, text) = match &query.revision {
        None => {
            let found = app.library.get(path.clone()).await?;
            (found.revision.clone(), found.text.clone())
        }
        Some(revision) => {
            let (rows, _) = library::revisions(app, path).await?;
            let revision = library::resolve(&rows, "revision", revision)?;
            let text = library::revision_text(app, &revision).await?;
            (revision, text)
        }
    };
    // Of one that cannot be read there is the text.
    let playbook = playbook::parse(&text).map(|loaded| loaded.playbook);
    let playbook = playbook.unwrap_or_default();
    Ok(PlaybookText {
        name: playbook.name,
        path: path.as_str().to_owned(),
        version: playbook.version,
        description: playbook.description,
        domain: playbook.domain,
        metadata: playbook.metadata.into(),
        revision,
        yaml_content: text,
    })
}
