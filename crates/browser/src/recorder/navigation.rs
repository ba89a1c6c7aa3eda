//! Which navigations a person has asked the browser for, and which follow from what was done in a page.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use tokio::time::Instant;

use super::hook::PageEvent;
use crate::page::PageCore;

/// So long after a page has asked for a navigation it begins, unless it never does.
const REQUESTED_LIMIT: Duration = Duration::from_secs(3);
/// A script that goes back in the history does so within this time after a click. The browser does not say
/// who has asked for that.
const CAUSED_LIMIT: Duration = Duration::from_secs(2);
/// A page that another has opened goes to its address at once, sooner than a person types one.
const AT_ONCE: Duration = Duration::from_millis(700);
/// Documents that a person visits.
const VISITED: [&str; 4] = ["http:", "https:", "file:", "data:"];

/// A navigation of the main frame that has begun.
struct StartedNavigation {
    url: String,
    kind: String,
    /// A page has asked for it.
    is_requested: bool,
    at: Instant,
}

/// A page, and where it goes.
pub(super) struct RecordedPage {
    pub(super) core: Arc<PageCore>,
    has_opener: bool,
    opened_at: Instant,
    requested: Option<Instant>,
    started: Option<StartedNavigation>,
    /// It shows something other than an empty document.
    is_visited: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CommittedFrame {
    id: String,
    url: String,
    #[serde(default)]
    url_fragment: String,
}

impl RecordedPage {
    pub(super) fn new(core: Arc<PageCore>, has_opener: bool, is_visited: bool) -> Self {
        Self {
            core,
            has_opener,
            opened_at: Instant::now(),
            requested: None,
            started: None,
            is_visited,
        }
    }

    pub(super) fn is(&self, core: &PageCore) -> bool {
        self.core.target == core.target
    }

    /// Notes the beginning of a navigation.
    pub(super) fn begin(&mut self, event: &PageEvent) {
        let params = &event.params;
        if params["frameId"] != self.core.target.as_str() {
            return;
        }
        if event.method == "Page.frameRequestedNavigation" {
            if params["disposition"] == "currentTab" {
                self.requested = Some(event.at);
            }
            return;
        }
        let text = |name: &str| String::from(params[name].as_str().unwrap_or_default());
        let kind = text("navigationType");
        if kind.contains("ameDocument") && !kind.contains("ifferentDocument") {
            return;
        }
        let requested = self.requested.take();
        self.started = Some(StartedNavigation {
            url: text("url"),
            kind,
            is_requested: requested.is_some_and(|at| event.at - at < REQUESTED_LIMIT),
            at: event.at,
        });
    }

    /// The address that the person has opened; `None` where something that was done in a page has led to the
    /// document that is shown now.
    pub(super) fn commit(
        &mut self,
        event: &PageEvent,
        last_action: Option<Instant>,
    ) -> Option<String> {
        let frame = event.params["frame"].clone();
        let frame: CommittedFrame = serde_json::from_value(frame).ok()?;
        if frame.id != self.core.target {
            return None;
        }
        let started = self.started.take();
        if !is_visited(&frame.url) {
            return None;
        }
        let is_first = !std::mem::replace(&mut self.is_visited, true);
        let at = started.as_ref().map_or(event.at, |started| started.at);
        if is_first && self.is_opened_by_page(at, last_action) {
            return None;
        }
        let committed = format!("{}{}", frame.url, frame.url_fragment);
        let Some(started) = started else {
            return Some(committed);
        };
        if started.is_requested {
            return None;
        }
        if started.kind.contains("history") {
            let is_caused = last_action.is_some_and(|at| started.at - at < CAUSED_LIMIT);
            return (!is_caused).then_some(committed);
        }
        let is_reload = started.kind.contains("reload");
        let is_known = !is_reload && !started.url.is_empty();
        Some(if is_known { started.url } else { committed })
    }

    /// Whether a page has opened this one, as far as one can see: a link without an opener does not say so.
    fn is_opened_by_page(&self, at: Instant, last_action: Option<Instant>) -> bool {
        let followed = |before: Instant| self.opened_at - before < CAUSED_LIMIT;
        let at_once = at - self.opened_at < AT_ONCE;
        self.has_opener || (at_once && last_action.is_some_and(followed))
    }
}

/// True for an address that a step can open.
pub(super) fn is_visited(url: &str) -> bool {
    VISITED.iter().any(|scheme| url.starts_with(scheme))
}
