//! Reads one stream of a program and sends it to the server while it comes.
//!
//! The reader never waits long for the server: a full buffer holds the program up for a bounded time
//! in all, then what is oldest is left out. So a program that prints gigabytes, or a server that is
//! away, neither stops the program forever nor fills the memory.

use std::{
    future::Future,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    sync::Notify,
    time::{Instant, sleep, sleep_until, timeout},
};
use wire::{client::Error, jobs::Excerpt};

use super::pending::Pending;

/// A chunk is sent when so much is there, or after the time below.
const FLUSH_BYTES: usize = 64 << 10;
const FLUSH_PERIOD: Duration = Duration::from_millis(200);

/// The largest chunk.
const CHUNK_BYTES: usize = 256 << 10;

/// The server keeps so much of a job; of what follows only the newest is sent, with pauses.
const FULL_BYTES: u64 = 16 << 20;
const SKIM_PERIOD: Duration = Duration::from_millis(200);

/// How long full buffers may hold the program up, in all.
const HOLD_LIMIT: Duration = Duration::from_secs(2);

/// How long the last chunks may take after the program has ended; what is left then waits with the
/// result.
const LAST_LIMIT: Duration = Duration::from_secs(10);

const READ_BYTES: usize = 64 << 10;
const RETRY_FIRST: Duration = Duration::from_millis(100);
const RETRY_LAST: Duration = Duration::from_secs(2);

/// Where the chunks of one stream go.
pub trait Sink: Send + Sync {
    /// Sends the bytes that stand at `offset`. An error that is not transient ends the sending.
    fn send(&self, offset: u64, bytes: Bytes) -> impl Future<Output = Result<(), Error>> + Send;
}

/// A stream that has ended.
#[derive(Debug)]
pub struct Captured {
    /// Its head and tail.
    pub excerpt: Excerpt,
    /// How many bytes it had.
    pub total_bytes: u64,
    /// The last chunks with their offsets, when the server was away too long to take them. No more
    /// than was kept of the stream while it ran.
    pub unsent: Vec<(u64, Bytes)>,
}

/// Reads a stream to its end, or until `over` is done and nothing is left to read at once; sends it
/// to the sink.
pub async fn capture(
    stream: impl AsyncRead + Unpin,
    over: impl Future<Output = ()>,
    sink: impl Sink,
) -> Captured {
    let relay = Relay::default();
    let ((excerpt, total_bytes), unsent) =
        tokio::join!(relay.read(stream, over), relay.send_all(&sink));
    Captured {
        excerpt,
        total_bytes,
        unsent,
    }
}

/// What became of a chunk.
enum Sent {
    Taken,
    /// The server will take nothing more.
    Refused,
    /// The last chunks have taken too long.
    Late,
}

/// What the reader and the sender of one stream share.
#[derive(Default)]
struct Relay {
    state: Mutex<State>,
    /// Told when something was added, and at the end.
    added: Notify,
    /// Told when something was taken.
    taken: Notify,
}

#[derive(Default)]
struct State {
    pending: Pending,
    /// When the program had ended and everything was read.
    ended: Option<Instant>,
    /// The server takes nothing any more.
    refused: bool,
}

impl Relay {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(
        &self,
        mut stream: impl AsyncRead + Unpin,
        over: impl Future<Output = ()>,
    ) -> (Excerpt, u64) {
        let mut over = std::pin::pin!(over);
        let mut excerpt = Excerpt::default();
        let mut hold_left = HOLD_LIMIT;
        let mut total = 0;
        let mut buffer = Vec::with_capacity(READ_BYTES);
        loop {
            buffer.clear();
            let count = tokio::select! {
                biased;
                // An error reads like the end: there is nothing more to be had.
                read = stream.read_buf(&mut buffer) => read.unwrap_or(0),
                () = &mut over => 0,
            };
            if count == 0 {
                break;
            }
            total += count as u64;
            excerpt.add(&buffer);
            self.make_room(count, &mut hold_left).await;
            let mut state = self.state();
            if !state.refused {
                state.pending.add(&buffer);
            }
            drop(state);
            self.added.notify_one();
        }
        self.state().ended = Some(Instant::now());
        self.added.notify_one();
        (excerpt, total)
    }

    /// Holds the program up while the buffer is full, for the time that is left for it.
    async fn make_room(&self, count: usize, hold_left: &mut Duration) {
        while !hold_left.is_zero() {
            {
                let state = self.state();
                if state.refused || state.pending.fits(count) || state.pending.end() > FULL_BYTES {
                    return;
                }
            }
            let began = Instant::now();
            let _ = timeout(*hold_left, self.taken.notified()).await;
            *hold_left = hold_left.saturating_sub(began.elapsed());
        }
    }

    /// Sends until the stream has ended and all of it is with the server, or that took too long: then
    /// what is left is returned.
    async fn send_all(&self, sink: &impl Sink) -> Vec<(u64, Bytes)> {
        while let Some((offset, bytes)) = self.next().await {
            let skims = offset > FULL_BYTES;
            match self.send(sink, offset, bytes.clone()).await {
                Sent::Taken => {}
                Sent::Refused => {
                    let mut state = self.state();
                    state.refused = true;
                    state.pending.take(usize::MAX);
                    self.taken.notify_one();
                    return Vec::new();
                }
                Sent::Late => {
                    let mut unsent = vec![(offset, bytes)];
                    while let Some(chunk) = self.next().await {
                        unsent.push(chunk);
                    }
                    return unsent;
                }
            }
            if skims && self.state().ended.is_none() {
                let _ = timeout(SKIM_PERIOD, self.ended()).await;
            }
        }
        Vec::new()
    }

    async fn ended(&self) {
        while self.state().ended.is_none() {
            self.added.notified().await;
        }
    }

    /// The next chunk, when it is large or old enough; `None` at the end.
    async fn next(&self) -> Option<(u64, Bytes)> {
        let mut since = None;
        loop {
            {
                let mut state = self.state();
                let length = state.pending.len();
                let flush = since.is_some_and(|at: Instant| at.elapsed() >= FLUSH_PERIOD);
                if length >= FLUSH_BYTES || (length > 0 && (flush || state.ended.is_some())) {
                    let chunk = state.pending.take(CHUNK_BYTES);
                    self.taken.notify_one();
                    return Some(chunk);
                }
                if state.ended.is_some() {
                    return None;
                }
                if length > 0 && since.is_none() {
                    since = Some(Instant::now());
                }
            }
            match since {
                None => self.added.notified().await,
                Some(at) => {
                    let left = FLUSH_PERIOD.saturating_sub(at.elapsed());
                    let _ = timeout(left, self.added.notified()).await;
                }
            }
        }
    }

    /// Sends one chunk, again and again while the server is away.
    async fn send(&self, sink: &impl Sink, offset: u64, bytes: Bytes) -> Sent {
        let mut pause = RETRY_FIRST;
        loop {
            let sent = tokio::select! {
                sent = sink.send(offset, bytes.clone()) => sent,
                () = self.late() => return Sent::Late,
            };
            match sent {
                Ok(()) => return Sent::Taken,
                Err(error) if error.is_transient() => {}
                Err(error) => {
                    tracing::debug!(%error, "output cannot be sent any more");
                    return Sent::Refused;
                }
            }
            tokio::select! {
                () = sleep(pause) => {}
                () = self.late() => return Sent::Late,
            }
            pause = (pause * 2).min(RETRY_LAST);
        }
    }

    /// Waits until the last chunks have taken too long.
    async fn late(&self) {
        self.ended().await;
        let ended = self.state().ended;
        if let Some(ended) = ended {
            sleep_until(ended + LAST_LIMIT).await;
        }
    }
}
