//! A run's output as it comes, until the run ends.

use std::collections::{HashMap, VecDeque};

use bytes::Bytes;
use engine::{RunId, Status};
use futures_util::{Stream, stream};
use store::{Topic, TopicWait, logs::Chunk, runs::Details};
use wire::{
    jobs::{LogEnd, LogText, Stream as Output},
    text::{lossy, unfinished},
};

use crate::{access::WhileHeld, app::App, live::sse};

/// Chunks that are read from the database at once.
pub(super) const PAGE: i64 = 32;

/// What is followed.
pub(super) struct Followed {
    pub(super) id: RunId,
    /// Only this stream.
    pub(super) stream: Option<Output>,
    /// Only messages after this number.
    pub(super) after: i64,
    /// The executor that must hold the run as long as it reads.
    pub(super) held: Option<WhileHeld>,
    /// What the contract calls a status.
    pub(super) word_of: fn(Status) -> &'static str,
}

/// The messages of a run's output.
pub(super) fn messages(app: App, followed: Followed) -> impl Stream<Item = sse::Chunk> + Send {
    let grown = app.store.wake().topic(Topic::Run(followed.id));
    let after = followed.after;
    let mut follower = Follower {
        app,
        followed,
        resumes: after > 0,
        after,
        sent: after,
        places: HashMap::new(),
        ready: VecDeque::new(),
        ended: false,
    };
    // The answer begins at once.
    let alive = follower.chunk(sse::comment());
    follower.ready.push_back(alive);
    stream::unfold((follower, grown), |(mut follower, grown)| async move {
        loop {
            if let Some(message) = follower.ready.pop_front() {
                return Some((message, (follower, grown)));
            }
            if follower.ended {
                return None;
            }
            match follower.look(&grown).await {
                Ok(true) => {}
                Ok(false) => {
                    let alive = follower.chunk(sse::comment());
                    return Some((alive, (follower, grown)));
                }
                Err(error) => {
                    tracing::warn!(%error, run_id = %follower.followed.id, "a followed log ended");
                    return None;
                }
            }
        }
    })
}

/// How far one stream of one attempt was sent.
#[derive(Default)]
struct StreamPosition {
    position: i64,
    /// The start of a character whose rest is still to come.
    pending: Vec<u8>,
}

/// Position in its stream of what follows a chunk.
fn end_of(chunk: &Chunk) -> i64 {
    let length = i64::try_from(chunk.body.len()).unwrap_or(i64::MAX);
    chunk.position.saturating_add(length)
}

struct Follower {
    app: App,
    followed: Followed,
    /// The places are not known yet.
    resumes: bool,
    after: i64,
    /// Number of the last chunk that is among what was sent.
    sent: i64,
    places: HashMap<(i64, Output), StreamPosition>,
    ready: VecDeque<sse::Chunk>,
    ended: bool,
}

impl Follower {
    /// Takes what is new, or waits for it; false when nothing came for a while, or the server is
    /// about to stop.
    async fn look(&mut self, grown: &TopicWait) -> Result<bool, store::Error> {
        // Ask to be woken before looking: what comes in between is not missed.
        let woken = grown.next();
        if std::mem::take(&mut self.resumes) {
            self.resume().await?;
        }
        let (id, output) = (self.followed.id, self.followed.stream);
        let (after, held) = (self.after, self.followed.held.clone());
        let found = self
            .app
            .store
            .read(move |read| {
                if let Some(WhileHeld { executor }) = &held
                    && !store::executors::holds(read, executor, id)?
                {
                    return Ok(None);
                }
                // The state first: what is printed before the end is there when the end is seen.
                let status = store::runs::statuses(read, &[id])?.pop().flatten();
                let ended = status.ok_or(store::Error::NotFound(id))?.is_terminal();
                let stream = output.map(Output::as_str);
                let chunks = store::logs::after(read, id, after, stream, None, PAGE)?;
                if !ended || !chunks.is_empty() {
                    return Ok(Some((chunks, None)));
                }
                let details = store::runs::outline(read, id)?;
                let newest = Some(details.run.starts);
                let live = !store::logs::after(read, id, 0, None, newest, 1)?.is_empty();
                Ok(Some((chunks, Some((details, live)))))
            })
            .await?;
        let Some((chunks, end)) = found else {
            // Another may hold it by now, and what it prints is not for this one.
            self.ended = true;
            return Ok(true);
        };
        if let Some((details, live)) = end {
            self.end(details, live);
            return Ok(true);
        }
        if !chunks.is_empty() {
            for chunk in &chunks {
                self.take(chunk);
            }
            return Ok(true);
        }
        tokio::select! {
            () = woken => Ok(true),
            () = self.app.stopping.cancelled() => {
                self.ended = true;
                Ok(true)
            }
            () = tokio::time::sleep(sse::KEEP_ALIVE) => Ok(false),
        }
    }

    /// Finds out how far the reader was: a character may have been sent by half, and what follows may
    /// be missing.
    async fn resume(&mut self) -> Result<(), store::Error> {
        let (id, until) = (self.followed.id, self.after);
        let outputs = [Output::Stdout, Output::Stderr];
        let last = move |read: &mut store::Read<'_, '_>| {
            outputs
                .map(|output| store::logs::last(read, id, output.as_str(), until))
                .into_iter()
                .collect::<Result<Vec<_>, _>>()
        };
        let last = self.app.store.read(last).await?;
        let newest = last.iter().flatten().map(|chunk| chunk.attempt).max();
        for (output, chunk) in outputs.into_iter().zip(last) {
            if let Some(chunk) = chunk.filter(|chunk| Some(chunk.attempt) == newest) {
                let place = self.places.entry((chunk.attempt, output)).or_default();
                place.position = end_of(&chunk);
                let half = chunk.body.len() - unfinished(&chunk.body);
                place.pending = chunk.body[half..].to_vec();
            }
        }
        Ok(())
    }

    fn take(&mut self, chunk: &Chunk) {
        self.after = chunk.seq;
        self.close_before(chunk.attempt);
        let output = if chunk.stream == "stderr" {
            Output::Stderr
        } else {
            Output::Stdout
        };
        // Of a stream that the reader knows nothing of: no mark.
        let place = self
            .places
            .entry((chunk.attempt, output))
            .or_insert_with(|| StreamPosition {
                position: chunk.position,
                pending: Vec::new(),
            });
        let gap = gap(place.position, chunk.position);
        let mut text = String::new();
        if !gap.is_empty() {
            // The rest of the character is among what is missing.
            text.push_str(&lossy(std::mem::take(&mut place.pending)));
            text.push_str(&gap);
        }
        place.position = end_of(chunk);
        let mut bytes = std::mem::take(&mut place.pending);
        bytes.extend_from_slice(&chunk.body);
        place.pending = bytes.split_off(bytes.len() - unfinished(&bytes));
        text.push_str(&lossy(bytes));
        let message = LogText {
            stream: output,
            attempt: u32::try_from(chunk.attempt).unwrap_or(u32::MAX),
            offset: u64::try_from(chunk.position).unwrap_or_default(),
            text,
        };
        self.sent = chunk.seq;
        self.say(Some(chunk.seq.to_string()), "chunk", &message);
    }

    fn say(&mut self, id: Option<String>, event: &str, data: &impl serde::Serialize) {
        let chunk = self.chunk(sse::message(id, event, data));
        self.ready.push_back(chunk);
    }

    fn chunk(&self, bytes: Bytes) -> sse::Chunk {
        sse::Chunk {
            bytes,
            position: self.sent,
        }
    }

    /// Sends what was held back of attempts before number `attempt`: their characters stay halves.
    fn close_before(&mut self, attempt: i64) {
        let mut closed: Vec<_> = self
            .places
            .extract_if(|(number, _), _| *number < attempt)
            .filter(|(_, place)| !place.pending.is_empty())
            .collect();
        closed.sort_by_key(|((number, output), _)| (*number, output.as_str()));
        for ((number, output), place) in closed {
            let held = i64::try_from(place.pending.len()).unwrap_or(i64::MAX);
            let message = LogText {
                stream: output,
                attempt: u32::try_from(number).unwrap_or(u32::MAX),
                offset: u64::try_from(place.position - held).unwrap_or_default(),
                text: lossy(place.pending),
            };
            self.say(None, "chunk", &message);
        }
    }

    /// `live` when the newest attempt sent output while it ran.
    fn end(&mut self, details: Details, live: bool) {
        self.close_before(i64::MAX);
        let (starts, status) = (details.run.starts, details.run.state.status());
        // An executor that sends no output while it runs sends it at the end.
        if !live {
            let reported = details.reported();
            let streams = [
                (Output::Stdout, reported.stdout),
                (Output::Stderr, reported.stderr),
            ];
            for (stream, bytes) in streams {
                if bytes.is_empty() || self.followed.stream.is_some_and(|output| output != stream) {
                    continue;
                }
                let attempt = u32::try_from(starts).unwrap_or(u32::MAX);
                let message = LogText {
                    stream,
                    attempt,
                    offset: 0,
                    text: lossy(bytes),
                };
                self.say(None, "chunk", &message);
            }
        }
        let end = LogEnd {
            status: (self.followed.word_of)(status).to_owned(),
        };
        self.say(Some(format!("{}{}", self.sent, sse::END)), "end", &end);
        self.ended = true;
    }
}

/// The mark for bytes that are not there.
pub(super) fn gap(expected: i64, found: i64) -> String {
    if found > expected {
        format!("\n[... {} bytes dropped ...]\n", found - expected)
    } else {
        String::new()
    }
}
