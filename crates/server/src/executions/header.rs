//! What hardly changes of an execution, kept in memory: its input holds whole playbooks, and lists and updates need a
//! little of it, often.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use engine::RunId;
use serde::Deserialize;
use store::Read;
use wire::playbooks::PlaybookStep;

/// How many steps are kept, of all executions together.
const STEPS_KEPT: usize = 200_000;
/// What an execution counts besides its steps.
const ITSELF: usize = 10;

/// What hardly changes of an execution.
#[derive(Debug, Default)]
pub(crate) struct Header {
    pub(super) fixed: Fixed,
    /// The places of its steps at the top level, by their ids.
    pub(super) places: HashMap<String, usize>,
}

/// What is read of its input.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Fixed {
    pub(super) playbook_path: String,
    pub(super) domain: Option<String>,
    pub(super) steps: Vec<PlaybookStep>,
    #[serde(default)]
    pub(super) debug_mode: bool,
}

/// The newest executions that were looked at.
#[derive(Default)]
pub(crate) struct Headers(Mutex<KeptHeaders>);

#[derive(Default)]
struct KeptHeaders {
    headers: BTreeMap<RunId, Arc<Header>>,
    /// What all together count.
    size: usize,
}

impl Headers {
    /// The header of an execution, which is read if it is not kept.
    pub(super) fn of(
        &self,
        read: &mut Read<'_, '_>,
        id: RunId,
    ) -> Result<Arc<Header>, store::Error> {
        if let Some(known) = self.lock().headers.get(&id) {
            return Ok(Arc::clone(known));
        }
        let input = store::runs::input(read, id)?;
        let fixed: Fixed = serde_json::from_slice(&input)
            .map_err(|error| store::Error::Corrupt(format!("an execution's input: {error}")))?;
        let steps = fixed.steps.iter().enumerate();
        let places = steps.map(|(place, step)| (step.id.clone(), place));
        let header = Arc::new(Header {
            places: places.collect(),
            fixed,
        });
        self.lock().keep(id, Arc::clone(&header));
        Ok(header)
    }

    /// Its input was replaced.
    pub(crate) fn forget(&self, id: RunId) {
        let mut kept = self.lock();
        if let Some(before) = kept.headers.remove(&id) {
            kept.size -= size(&before);
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, KeptHeaders> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl KeptHeaders {
    fn keep(&mut self, id: RunId, header: Arc<Header>) {
        self.size += size(&header);
        if let Some(before) = self.headers.insert(id, header) {
            self.size -= size(&before);
        }
        // Ids rise: those that go are the oldest executions.
        while self.size > STEPS_KEPT
            && let Some((_, oldest)) = self.headers.pop_first()
        {
            self.size -= size(&oldest);
        }
    }
}

fn size(header: &Header) -> usize {
    ITSELF + header.fixed.steps.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_when_there_is_too_much() {
        let mut kept = KeptHeaders::default();
        let header = |steps: usize| {
            let mut header = Header::default();
            header.fixed.steps = vec![PlaybookStep::default(); steps];
            Arc::new(header)
        };
        for number in 0..100 {
            kept.keep(RunId::from_bytes([number; 16]), header(5_000 - ITSELF));
        }
        let ids: Vec<u8> = kept.headers.keys().map(|id| id.as_bytes()[0]).collect();
        assert_eq!(ids, (60..100).collect::<Vec<u8>>());
        kept.keep(RunId::from_bytes([99; 16]), header(0));
        assert_eq!(kept.size, 39 * 5_000 + ITSELF);
    }
}
