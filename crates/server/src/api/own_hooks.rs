//! What the own hook of a run receives: its events in the words of the contract of its kind.

use engine::{Kind, RunId};
use store::{Read, events::EventRow, hooks::Composed};

use super::plugin_jobs;
use crate::hooks::compose;

/// Events of one run in the words of a contract; nothing for those that it has no word for.
type Worded =
    fn(&mut Read<'_, '_>, RunId, &[EventRow]) -> Result<Vec<Option<Composed>>, store::Error>;

/// The contracts that have words of their own for events. The others use those of the event log.
const WORDED: [(Kind, Worded); 1] = [(Kind::PluginJob, plugin_jobs::compose)];

/// The bodies for events of one run.
pub(crate) fn compose_of_run(
    read: &mut Read<'_, '_>,
    run: RunId,
    events: &[EventRow],
) -> Result<Vec<Option<Composed>>, store::Error> {
    let of = |kind: &Kind| events.iter().any(|event| event.kind == kind.as_str());
    match WORDED.iter().find(|(kind, _)| of(kind)) {
        Some((_, worded)) => worded(read, run, events),
        None => Ok(events.iter().map(|event| Some(compose(event))).collect()),
    }
}
