//! Steps destroy playgrounds.

use engine::Status;
use store::{
    Batch, Read,
    audit::{AuditEntry, Target},
    playgrounds::{self, PlaygroundRow},
};
use wire::executors::operations::OperationAction;

use super::{Came, StepOfRun, is_busy, watch};
use crate::{
    app::App,
    playgrounds::{Start, Started, find, start::start},
    refusal::{Refusal, RefusalKind},
};

/// Starts the destroy of every playground that is meant and not destroyed yet. Nothing is noted for the try: what is
/// done is seen from the playgrounds themselves.
pub(super) async fn begin(
    app: &App,
    step: &StepOfRun,
    named: Option<&str>,
    entry: AuditEntry,
) -> Result<Came, Refusal> {
    let rows = meant(app, step, named).await?;
    let Some(first) = rows.first() else {
        return Ok(Came::Gone);
    };
    let since = watch(app, step, first.id).await?;
    let mut came = None;
    for row in rows {
        let entry = entry.clone();
        let entry = entry.on(Target::one("playground", row.id.to_string()));
        if let Some(one) = begin_one(app, row.id, since, entry).await? {
            came.get_or_insert(one);
        }
    }
    Ok(came.unwrap_or(Came::Gone))
}

/// The playgrounds that are meant: this one, or all that steps of the execution made.
async fn meant(
    app: &App,
    step: &StepOfRun,
    named: Option<&str>,
) -> Result<Vec<PlaygroundRow>, Refusal> {
    if let Some(name) = named {
        return match find::row_of(app, name).await {
            Ok(row) => Ok(vec![row]),
            Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(Vec::new()),
            Err(refusal) => Err(refusal),
        };
    }
    let run = step.of.run;
    let read = move |read: &mut Read<'_, '_>| {
        let ids = playgrounds::made_by(read, run)?.into_iter();
        let rows: Result<Vec<_>, store::Error> =
            ids.map(|id| playgrounds::find(read, id)).collect();
        Ok(rows?.into_iter().flatten().collect())
    };
    Ok(app.store.read(read).await?)
}

/// Starts the destroy of one, if it can begin now.
async fn begin_one(
    app: &App,
    id: i64,
    since: i64,
    entry: AuditEntry,
) -> Result<Option<Came>, Refusal> {
    // The run is woken from now on when its operation ends: it is looked at after that was written.
    let row = app.store.read(move |read| playgrounds::find(read, id));
    let Some(row) = row.await? else {
        return Ok(None);
    };
    let run = row.last.run;
    let destroys = row.last.action == OperationAction::Destroy.as_str();
    if is_busy(&row) {
        if !destroys {
            // It ends in any case, also when nothing asks again.
            let now = app.now_ms();
            let end = move |batch: &mut Batch<'_, '_>| playgrounds::end_life(batch, id, now);
            app.store.write(end).await?;
        }
        return Ok(Some(Came::After {
            playground: id,
            run,
        }));
    }
    let failed = matches!(row.last.status, Status::Failed | Status::Cancelled);
    if destroys && failed && row.last.ended_at.is_some_and(|at| at >= since) {
        return Ok(Some(Came::Failed {
            playground: id,
            run,
        }));
    }
    match start(app, Start::plain(id, OperationAction::Destroy, entry)).await {
        Ok(Started::Run(run)) => Ok(Some(Came::Started { run, again: false })),
        Ok(Started::Repeated | Started::Later) => Ok(Some(Came::Look(id))),
        // It is gone, or something else was started meanwhile: it is looked at again.
        Err(refusal) if refusal.kind == RefusalKind::NotFound => Ok(None),
        Err(refusal) if refusal.kind == RefusalKind::Conflict => Ok(Some(Came::After {
            playground: id,
            run,
        })),
        Err(refusal) => Err(refusal),
    }
}
