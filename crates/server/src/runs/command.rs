//! Commands that callers give to runs of any kind.

use engine::{Command, Kind, RunId};
use store::{Batch, Error, Read, audit::AuditEntry};

use crate::app::App;

/// Applies a command to a run, records who asked for it, and answers with what `find` reads of the run
/// after it, all in one transaction: a caller who gets an error knows that nothing was changed.
pub(crate) async fn apply<T: Send + 'static>(
    app: &App,
    (kind, id): (Kind, RunId),
    command: Command,
    entry: AuditEntry,
    find: impl Fn(&mut Read<'_, '_>, RunId) -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let work = move |batch: &mut Batch<'_, '_>| {
        store::runs::entry(batch, kind, id, &command, &entry)?;
        find(&mut batch.read(), id)
    };
    app.store.write(work).await
}
