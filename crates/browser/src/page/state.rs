//! What is known of a page.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;
use tokio::time::Instant;

use super::{records::PageRecords, world::World};
use crate::{cdp::CdpSession, context::DialogPolicy, error::BrowserError, picture::ScreencastSink};

/// Requests that are under way; a page that never ends them is forgotten in part.
const MOST_REQUESTS: usize = 2000;
/// Documents of the main frame that are remembered.
const MOST_LOADERS: usize = 20;

/// A page's state, kept by its events.
pub(crate) struct PageState {
    pub(crate) url: String,
    /// All frames, by their ids.
    pub(crate) frames: HashMap<String, FrameEntry>,
    pub(super) load: LoadProgress,
    pub(super) worlds: HashMap<String, World>,
    pub(super) records: PageRecords,
    pub(super) requests: HashMap<String, PendingRequest>,
    /// The addresses of WebSockets that are open, or about to be.
    pub(super) sockets: HashMap<String, String>,
    pub(super) dialogs: DialogPolicy,
    /// Why it cannot be used any longer.
    pub(crate) ended: Option<BrowserError>,
    /// What is dragged, since the browser has left a drag to us.
    pub(crate) drag: Option<Value>,
    pub(crate) screencast: Option<ScreencastSink>,
    screencasts: u64,
    /// Documents that do not cover secrets yet: until they do, no frame is shown.
    pub(crate) uncovered: u32,
    /// Frames that were taken until then are not shown. In milliseconds since 1970.
    pub(crate) covered_since_ms: u64,
    /// How many actions have begun.
    pub(crate) actions: u64,
    /// When the last one began.
    pub(crate) acted_at: Option<Instant>,
    /// The script that covers secrets in documents to come, by its number.
    pub(super) protection: Option<String>,
    /// Answers all requests with an empty document, so that no server is asked.
    pub(super) answer_empty: bool,
}

/// A frame of the page.
#[derive(Default)]
pub(crate) struct FrameEntry {
    /// The frame above; none for the main frame.
    pub(super) parent: Option<String>,
    /// The session of its own process; without one it is in that of the frame above.
    pub(super) session: Option<CdpSession>,
}

/// How far the main frame's document is.
#[derive(Default)]
pub(super) struct LoadProgress {
    /// The document that is shown.
    pub(super) loader: String,
    /// What it has passed: `load`, `DOMContentLoaded`, `networkIdle`.
    pub(super) passed: HashSet<String>,
    /// The last documents, oldest first.
    pub(super) seen: VecDeque<String>,
    /// A navigation that has begun and shows nothing yet.
    pub(super) starting: bool,
    /// How often a navigation began, or was asked for.
    pub(super) begun: u64,
    /// How often something else was shown, or a part of the same document.
    pub(super) shown: u64,
    /// The HTTP status of documents, by loader.
    pub(super) statuses: VecDeque<(String, u16)>,
}

/// A request that has not ended.
pub(super) struct PendingRequest {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) at_ms: u64,
}

impl PageState {
    pub(super) fn new(main_frame: &str, url: String, dialogs: DialogPolicy) -> Self {
        let main = (String::from(main_frame), FrameEntry::default());
        Self {
            url,
            frames: HashMap::from([main]),
            load: LoadProgress::default(),
            worlds: HashMap::new(),
            records: PageRecords::default(),
            requests: HashMap::new(),
            sockets: HashMap::new(),
            dialogs,
            ended: None,
            drag: None,
            screencast: None,
            screencasts: 0,
            uncovered: 0,
            covered_since_ms: 0,
            actions: 0,
            acted_at: None,
            protection: None,
            answer_empty: false,
        }
    }

    /// The page cannot be used any longer; the first reason counts.
    pub(super) fn end(&mut self, error: BrowserError) {
        // A crash may be followed by the end of the session.
        self.ended.get_or_insert(error);
        self.screencast = None;
        self.worlds.clear();
    }

    /// The number of a new screencast.
    pub(crate) fn next_screencast(&mut self) -> u64 {
        self.screencasts += 1;
        self.screencasts
    }

    pub(super) fn begin_request(&mut self, id: String, request: PendingRequest) {
        if self.requests.len() < MOST_REQUESTS {
            self.requests.insert(id, request);
        }
    }

    pub(super) fn begin_socket(&mut self, id: String, url: String) {
        if self.sockets.len() < MOST_REQUESTS {
            self.sockets.insert(id, url);
        }
    }

    /// The session that a frame's commands go to.
    pub(super) fn session_of(&self, frame: &str, page: &CdpSession) -> CdpSession {
        let mut at = frame;
        // A frame is below fewer frames than there are.
        for _ in 0..=self.frames.len() {
            let Some(entry) = self.frames.get(at) else {
                break;
            };
            if let Some(session) = &entry.session {
                return session.clone();
            }
            let Some(parent) = &entry.parent else {
                break;
            };
            at = parent;
        }
        page.clone()
    }

    /// The sessions of frames with a process of their own.
    pub(super) fn own_sessions(&self) -> impl Iterator<Item = &CdpSession> {
        self.frames
            .values()
            .filter_map(|entry| entry.session.as_ref())
    }

    /// Forgets a frame, and those below it.
    pub(super) fn remove_frame(&mut self, frame: &str) {
        self.frames.remove(frame);
        self.worlds.remove(frame);
        let below: Vec<String> = self
            .frames
            .iter()
            .filter(|(_, entry)| entry.parent.as_deref() == Some(frame))
            .map(|(id, _)| id.clone())
            .collect();
        for id in below {
            self.remove_frame(&id);
        }
    }
}

impl LoadProgress {
    /// The main frame shows another document.
    pub(super) fn commit(&mut self, loader: &str) {
        self.starting = false;
        self.shown += 1;
        self.begin(loader);
    }

    /// The events from now on are of another document. The next one has its address.
    pub(super) fn begin(&mut self, loader: &str) {
        if self.loader == loader {
            return;
        }
        self.loader = String::from(loader);
        self.passed.clear();
        self.seen.push_back(String::from(loader));
        if self.seen.len() > MOST_LOADERS {
            self.seen.pop_front();
        }
    }

    pub(super) fn note_status(&mut self, loader: &str, status: u16) {
        self.statuses.push_back((String::from(loader), status));
        if self.statuses.len() > MOST_LOADERS {
            self.statuses.pop_front();
        }
    }

    pub(super) fn status_of(&self, loader: &str) -> Option<u16> {
        let mut statuses = self.statuses.iter().rev();
        statuses
            .find(|(known, _)| known == loader)
            .map(|(_, status)| *status)
    }
}
