//! What new events mean for the hooks, read without blocking writers.

use std::collections::BTreeMap;

use engine::RunId;

use super::{Composed, hook::decode};
use crate::{
    Error, Read,
    driver::args,
    events::{EventRow, Extent, after, extent, names},
};

/// Events that are looked at for one hook at once. So many that no hook wants are not read again.
const PAGE: i64 = 500;
/// Event numbers that are looked at for the hooks of runs at once.
const SPAN: i64 = 5_000;
/// Deliveries of one hook that are not ended, at most: what is beyond waits in the event log.
const OPEN_LIMIT: i64 = 1_000;

/// What is to be written.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub(super) hooks: Vec<Step>,
    pub(super) of_runs: Option<RunStep>,
}

/// One hook reads on.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) id: String,
    pub(super) from: i64,
    pub(super) to: i64,
    /// Events that retention removed before the hook had seen them.
    pub(super) missed: i64,
    pub(super) events: Vec<EventRow>,
}

/// The hooks of runs read on, all at once.
#[derive(Clone, Debug)]
pub(super) struct RunStep {
    pub(super) from: i64,
    pub(super) to: i64,
    /// Events that retention removed before it was looked whether a run's hook wants them.
    pub(super) missed: i64,
    /// By run, with what is sent of each.
    pub(super) events: Vec<(RunId, Vec<(EventRow, Composed)>)>,
}

/// Says what is sent of events of one run to that run's hook; nothing of one that it is not to hear of.
/// One answer for each, in order.
pub type ComposeOfRun =
    fn(&mut Read<'_, '_>, RunId, &[EventRow]) -> Result<Vec<Option<Composed>>, Error>;

impl Plan {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hooks.is_empty() && self.of_runs.is_none()
    }
}

struct Reader {
    id: String,
    events: Vec<String>,
    seen: i64,
}

/// Reads on from where each hook is. A hook that has many deliveries open waits. A place is written down only
/// when it was worth it, that of something wanted or of a whole page, or `anyway`: whether what is not
/// written down was seen is not known later.
pub fn plan(read: &mut Read<'_, '_>, compose: ComposeOfRun, anyway: bool) -> Result<Plan, Error> {
    const BEHIND: &str = "SELECT id, events, seen_seq FROM hooks
        WHERE run_id IS NULL AND disabled_at IS NULL AND seen_seq < $1 ORDER BY seen_seq, id";
    const OPEN: &str = "SELECT COUNT(*) FROM (SELECT 1 AS one FROM deliveries
        WHERE hook_id = $1 AND ended_at IS NULL LIMIT $2) AS open";
    let ends = extent(read)?;
    let behind = read.tx.all(BEHIND, args![ends.newest], |row| {
        Ok(Reader {
            id: row.text(0)?,
            events: decode(&row.text(1)?)?,
            seen: row.int(2)?,
        })
    })?;
    let mut plan = Plan::default();
    // Most hooks are at the same place: its page is read once.
    let mut page: (i64, Vec<EventRow>) = (-1, Vec::new());
    for hook in behind {
        let open = args![&hook.id, OPEN_LIMIT];
        let open = read.tx.first(OPEN, open, |row| row.int(0))?.unwrap_or(0);
        if open >= OPEN_LIMIT {
            continue;
        }
        let start = hook.seen.max(ends.removed);
        if page.0 != start {
            page = (start, after(read, start, None, PAGE)?);
        }
        plan.hooks
            .extend(step(hook, start, &page.1, OPEN_LIMIT - open, anyway));
    }
    plan.of_runs = of_runs(read, compose, &ends, anyway)?;
    Ok(plan)
}

/// What a hook does with a page.
fn step(hook: Reader, start: i64, page: &[EventRow], room: i64, anyway: bool) -> Option<Step> {
    let room = usize::try_from(room).unwrap_or(0);
    let wanted = |event: &&EventRow| hook.events.iter().any(|one| names(one, &event.event_type));
    let mut events: Vec<EventRow> = page.iter().filter(wanted).take(room + 1).cloned().collect();
    let to = if events.len() > room {
        events.pop().map(|event| event.seq - 1)
    } else {
        page.last().map(|event| event.seq)
    };
    let full = i64::try_from(page.len()).is_ok_and(|read| read >= PAGE);
    let missed = start - hook.seen;
    let anyway = anyway && !page.is_empty();
    (full || anyway || missed > 0 || !events.is_empty()).then_some(Step {
        id: hook.id,
        from: hook.seen,
        to: to.unwrap_or(start),
        missed,
        events,
    })
}

fn of_runs(
    read: &mut Read<'_, '_>,
    compose: ComposeOfRun,
    ends: &Extent,
    anyway: bool,
) -> Result<Option<RunStep>, Error> {
    const FIRST: &str = "SELECT seen_seq FROM hooks WHERE run_id IS NOT NULL
        ORDER BY seen_seq LIMIT 1";
    const CURSOR: &str = "SELECT seq FROM run_hook_cursor WHERE id = 1";
    const WANTED: &str = "SELECT e.seq, e.at, e.type, e.kind, e.run_id, e.data, h.events
        FROM events e JOIN hooks h ON h.run_id = e.run_id
        WHERE e.seq > $1 AND e.seq <= $2 AND h.seen_seq < e.seq AND h.disabled_at IS NULL
        ORDER BY e.seq";
    // Without such hooks the cursor is not moved: it begins where the oldest of them does.
    let Some(first) = read.tx.first(FIRST, args![], |row| row.int(0))? else {
        return Ok(None);
    };
    let from = read
        .tx
        .first(CURSOR, args![], |row| row.int(0))?
        .ok_or_else(|| Error::Corrupt("the cursor of the runs' hooks is missing".to_owned()))?;
    let next = from.max(first);
    let start = next.max(ends.removed);
    let missed = start - next;
    let to = ends.newest.min(start.saturating_add(SPAN));
    if start >= to && missed == 0 {
        return Ok(None);
    }
    let found = read.tx.all(WANTED, args![start, to], |row| {
        Ok((crate::events::event(row)?, decode(&row.text(6)?)?))
    })?;
    let wanted = found
        .into_iter()
        .filter(|(event, events)| events.iter().any(|one| names(one, &event.event_type)));
    let mut by_run: BTreeMap<RunId, Vec<EventRow>> = BTreeMap::new();
    for (event, _) in wanted {
        if let Some(run) = event.run_id {
            by_run.entry(run).or_default().push(event);
        }
    }
    let mut events = Vec::new();
    for (run, rows) in by_run {
        let composed = compose(read, run, &rows)?;
        let sent = rows.into_iter().zip(composed);
        let sent: Vec<_> = sent.filter_map(|(row, sent)| Some((row, sent?))).collect();
        if !sent.is_empty() {
            events.push((run, sent));
        }
    }
    let worth = anyway || missed > 0 || !events.is_empty() || to - start >= PAGE;
    Ok(worth.then_some(RunStep {
        from,
        to,
        missed,
        events,
    }))
}
