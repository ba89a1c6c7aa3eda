//! Starts what schedules start, each time once, however many servers there are.

use std::time::Duration;

use engine::{Command, Kind, RunId, Signal};
use store::{
    Batch,
    audit::{Actor, AuditEntry, Target},
    schedules::{self, Looked, NextTime, ScheduleRow},
};
use wire::playbooks::Overlap;

use crate::{
    app::App,
    refusal::Refusal,
    schedules::{Definition, LookPlan, plan, start},
};

/// It looks at least this often: another server may have made a schedule and gone, and clocks may jump.
const LONGEST_MS: i64 = 10_000;
/// After a failure of the database.
const RECOVERY_MS: i64 = 1_000;
/// Schedules that are read at once.
const ROWS: i64 = 50;
/// An execution that a time waits for is looked at this often, less often the longer it takes.
const WAIT_MS: (i64, i64) = (1_000, 10_000);

pub(crate) async fn run(app: App) {
    loop {
        let wait = match tick(&app).await {
            Ok(next) => next.map_or(LONGEST_MS, |look_at| look_at - app.now_ms()),
            Err(error) => {
                tracing::error!(%error, "schedules could not be looked at");
                RECOVERY_MS
            }
        };
        let wait = Duration::from_millis(wait.clamp(1, LONGEST_MS).unsigned_abs());
        tokio::select! {
            () = app.stopping.cancelled() => return,
            () = app.schedules.notified() => {}
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Does what is due; answers when the next is due, epoch milliseconds.
pub(crate) async fn tick(app: &App) -> Result<Option<i64>, store::Error> {
    loop {
        let rows = app.store.read(|read| schedules::first(read, ROWS)).await?;
        let now = app.now_ms();
        let look_at = |row: &ScheduleRow| row.next.map(|next| next.look_at);
        let is_due = |row: &&ScheduleRow| look_at(row).is_some_and(|at| at <= now);
        let due = rows.iter().filter(is_due);
        if due.clone().next().is_none() {
            return Ok(rows.first().and_then(look_at));
        }
        // One that fails keeps no other from starting.
        let mut failed = None;
        for row in due {
            if let Err(error) = look(app, row).await {
                tracing::error!(schedule = row.id, %error, "a schedule could not be looked at");
                failed = Some(error);
            }
        }
        if let Some(error) = failed {
            return Err(error);
        }
    }
}

/// Looks at a schedule that is due. Whatever comes of it is written only if no other server was faster.
async fn look(app: &App, row: &ScheduleRow) -> Result<(), store::Error> {
    let Some(before) = row.next else {
        return Ok(());
    };
    let now = app.now_ms();
    let read = Definition::decode(&row.body).ok().and_then(|definition| {
        let times = definition.timing.times().ok()?;
        let rules = (definition.overlap, definition.catch_up);
        let plan = plan(&times, rules, before, now)?;
        Some((definition, plan))
    });
    let Some((definition, LookPlan { start: at, next })) = read else {
        return disable(app, row, "its next time cannot be computed").await;
    };
    let after = NextTime {
        // Times that came while another one waited wait as well.
        queued_at: before.queued_at.filter(|_| next <= now),
        ..NextTime::at(next)
    };
    let Some(at) = at else {
        tracing::info!(schedule = row.id, "times that were missed are left out");
        return moved(app, row, after, Looked::Waited).await;
    };
    if !has_key(app, row).await? {
        let reason = format!("the key `{}` was revoked or has expired", row.owner);
        return disable(app, row, &reason).await;
    }
    if let Some(live) = live(app, row).await? {
        return overlap(app, row, &definition, live, (at, after)).await;
    }
    if let Some(why) = app.disk.shortage() {
        // The time is not lost: it starts when there is room.
        tracing::warn!(schedule = row.id, why, "a schedule waits");
        let look_at = now + LONGEST_MS;
        return moved(app, row, NextTime { look_at, ..before }, Looked::Waited).await;
    }
    match start(app, &row.id, definition.start, Some(at), &actor(row)).await {
        Ok(start) => {
            let target = Target::runs(Kind::Execution.as_str(), &[start.id]);
            let submit = start.submit(app, &entry(row, "execution.start", target, now));
            let row = row.clone();
            let work = move |batch: &mut Batch<'_, '_>| {
                schedules::start(batch, &row, Some(after), &submit)
            };
            app.store.write(work).await.map(drop)
        }
        // What passes is looked at again soon: the time is not lost.
        Err(refusal) if refusal.kind.status().is_server_error() => {
            Err(store::Error::Unavailable(reason(&refusal)))
        }
        Err(refusal) => {
            let reason = reason(&refusal);
            tracing::warn!(schedule = row.id, reason, "a schedule could start nothing");
            moved(app, row, after, Looked::Failed { due_at: at, reason }).await
        }
    }
}

/// The time has come and the execution before it has not ended.
async fn overlap(
    app: &App,
    row: &ScheduleRow,
    definition: &Definition,
    live: RunId,
    (at, after): (i64, NextTime),
) -> Result<(), store::Error> {
    let now = app.now_ms();
    if definition.overlap == Overlap::Skip {
        return moved(app, row, after, Looked::Skipped { due_at: at }).await;
    }
    let queued_at = row.next.and_then(|next| next.queued_at);
    let waited = now - queued_at.unwrap_or(now);
    let next = NextTime {
        due_at: at,
        look_at: now + (waited / 10).clamp(WAIT_MS.0, WAIT_MS.1),
        queued_at: queued_at.or(Some(now)),
    };
    let cancels = definition.overlap == Overlap::CancelRunning && queued_at.is_none();
    let target = Target::runs(Kind::Execution.as_str(), &[live]);
    let entry = entry(row, "execution.cancel", target, now);
    let row = row.clone();
    let work = move |batch: &mut Batch<'_, '_>| {
        if !schedules::look(batch, &row, next, &Looked::Waited, now)? || !cancels {
            return Ok(());
        }
        let cancel = Command::signal(Signal::Cancel);
        match store::runs::entry(batch, Kind::Execution, live, &cancel, &entry) {
            // It has ended meanwhile.
            Err(store::Error::Rejected(_) | store::Error::NotFound(_)) | Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    };
    app.store.write(work).await
}

/// The execution that it started last, if that has not ended.
async fn live(app: &App, row: &ScheduleRow) -> Result<Option<RunId>, store::Error> {
    let Some((run, _)) = row.last_run else {
        return Ok(None);
    };
    let is_live = app.store.read(move |read| schedules::is_live(read, run));
    Ok(is_live.await?.then_some(run))
}

/// Whether the key in whose name it starts executions is good, if it has one.
async fn has_key(app: &App, row: &ScheduleRow) -> Result<bool, store::Error> {
    match &row.key_id {
        None => Ok(true),
        Some(id) => app.keys.is_live(&app.store, id, app.now_ms()).await,
    }
}

async fn moved(
    app: &App,
    row: &ScheduleRow,
    next: NextTime,
    looked: Looked,
) -> Result<(), store::Error> {
    let (row, now) = (row.clone(), app.now_ms());
    let work =
        move |batch: &mut Batch<'_, '_>| schedules::look(batch, &row, next, &looked, now).map(drop);
    app.store.write(work).await
}

async fn disable(app: &App, row: &ScheduleRow, reason: &str) -> Result<(), store::Error> {
    tracing::warn!(schedule = row.id, reason, "a schedule is disabled");
    let (row, reason, now) = (row.clone(), reason.to_owned(), app.now_ms());
    let work =
        move |batch: &mut Batch<'_, '_>| schedules::disable(batch, &row, &reason, now).map(drop);
    app.store.write(work).await
}

/// What a schedule does is done by whoever made it.
fn actor(row: &ScheduleRow) -> Actor {
    match &row.key_id {
        Some(id) => Actor {
            id: id.clone(),
            name: row.owner.clone(),
        },
        None => Actor::word(&row.owner),
    }
}

fn entry(row: &ScheduleRow, action: &str, target: Target, now: i64) -> AuditEntry {
    let entry = AuditEntry::new(now, actor(row), "schedule".to_owned(), action, target);
    entry.detail(format!("schedule {}", row.id))
}

fn reason(refusal: &Refusal) -> String {
    refusal.message_with_field()
}
