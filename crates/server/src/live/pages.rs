//! Pages of the log that readers behind the window have read: the caller who comes to the same place takes them
//! from here, so that many who fell behind together cost the database as much as one.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    Event, Filter,
    window::{Found, Window},
};

/// Pages that are kept, and their size in bytes.
const PAGES: usize = 16;
const BYTES: usize = 16 << 20;

/// The pages that were read last.
#[derive(Default)]
pub(super) struct Pages(Mutex<VecDeque<Window>>);

impl Pages {
    /// What comes after number `after`, as [`Window::after`], if a page has it.
    pub(super) fn after(
        &self,
        after: i64,
        filter: &Filter,
        limit: usize,
    ) -> Option<(Vec<Arc<Event>>, i64)> {
        let pages = self.lock();
        pages
            .iter()
            .find_map(|page| match page.after(after, filter, limit) {
                Found::Events(events, seen) => Some((events, seen)),
                Found::Behind | Found::Nothing => None,
            })
    }

    /// Keeps what comes after number `after`, without a gap.
    pub(super) fn keep(&self, after: i64, events: &[Arc<Event>]) {
        let mut page = Window::new(after);
        for event in events {
            page.push(event.clone(), usize::MAX, usize::MAX);
        }
        let mut pages = self.lock();
        pages.push_front(page);
        pages.truncate(PAGES);
        while pages.iter().map(Window::size_bytes).sum::<usize>() > BYTES {
            pages.pop_back();
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Window>> {
        // What it guards is whole after every call.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
