//! Which events a reader wants.

use engine::RunId;
use store::events::EventRow;

use crate::refusal::Refusal;

/// Patterns of one reader, at most: each event is compared with each of them.
const MOST_TYPES: usize = 32;

/// Reads the types that a reader wants, separated by commas.
pub(crate) fn types(text: Option<String>) -> Result<Option<Vec<String>>, Refusal> {
    let Some(text) = text else {
        return Ok(None);
    };
    let types: Vec<String> = text.split(',').map(|one| one.trim().to_owned()).collect();
    if types.len() > MOST_TYPES {
        let message = format!(
            "types has {}, and at most {MOST_TYPES} are taken",
            types.len()
        );
        return Err(Refusal::field("types", message));
    }
    Ok(Some(types))
}

/// Every part that is given must fit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    /// Only this run.
    pub(crate) run: Option<RunId>,
    /// Only this kind.
    pub(crate) kind: Option<String>,
    /// Only these types; each `*` in one stands for anything.
    pub(crate) types: Option<Vec<String>>,
}

impl Filter {
    pub(crate) fn wants(&self, event: &EventRow) -> bool {
        let run = self.run.is_none() || self.run == event.run_id;
        let kind = self.kind.as_ref().is_none_or(|kind| *kind == event.kind);
        let named = |pattern: &String| store::events::names(pattern, &event.event_type);
        let types = self.types.as_ref();
        run && kind && types.is_none_or(|types| types.iter().any(named))
    }
}
