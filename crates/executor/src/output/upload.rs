//! Reads the streams of a program and sends them to the server while they come, in the order in which they
//! were read.
//!
//! The reader never waits for the server: what the server does not have yet is on the executor's disk, as far as
//! the server would store it. Of the rest what is oldest is left out. So a program that prints gigabytes, or a
//! server that is away, neither stops the program nor fills the memory.

use std::{
    future::Future,
    path::Path,
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

use super::pending::{OutputPiece, Pending, STORED_BYTES};

/// What waits is sent when it is so much, or after the time below.
const FLUSH_BYTES: usize = 64 << 10;
const FLUSH_PERIOD: Duration = Duration::from_millis(200);

/// Of what the server does not store only the newest is sent, with pauses.
const SKIM_PERIOD: Duration = Duration::from_millis(200);

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
    /// What the server was away too long to take, in order. No more than was kept of the stream while it ran.
    pub unsent: Vec<OutputPiece>,
}

/// Reads a stream to its end, or until `over` is done and nothing is left to read at once; sends it
/// to the sink. What waits is kept below `dir`.
pub async fn capture(
    dir: &Path,
    stream: impl AsyncRead + Unpin,
    over: impl Future<Output = ()>,
    sink: impl Sink,
) -> Captured {
    let relay = Relay::new(dir, 1);
    let sinks = [sink];
    let (read, unsent) = tokio::join!(relay.read(0, stream, over), relay.send_all(&sinks));
    captured(read, unsent)
}

/// The same with two streams, each with its end and its sink: the server gets them in the order in which they were
/// read.
pub async fn capture_both<S: Sink>(
    dir: &Path,
    (out, out_over, out_sink): (impl AsyncRead + Unpin, impl Future<Output = ()>, S),
    (err, err_over, err_sink): (impl AsyncRead + Unpin, impl Future<Output = ()>, S),
) -> (Captured, Captured) {
    let relay = Relay::new(dir, 2);
    let sinks = [out_sink, err_sink];
    let (out, err, unsent) = tokio::join!(
        relay.read(0, out, out_over),
        relay.read(1, err, err_over),
        relay.send_all(&sinks)
    );
    let (of_out, of_err) = unsent.into_iter().partition(|piece| piece.stream == 0);
    (captured(out, of_out), captured(err, of_err))
}

fn captured((excerpt, total_bytes): (Excerpt, u64), unsent: Vec<OutputPiece>) -> Captured {
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

/// What the readers and the sender of a program's streams share.
struct Relay {
    state: Mutex<State>,
    /// Told when something was added, and at the end.
    added: Notify,
}

struct State {
    pending: Pending,
    /// Since when something waits; pieces that are due were there when the time was over.
    since: Option<Instant>,
    due: usize,
    /// Streams that have not ended.
    open: usize,
    /// When the program had ended and everything was read.
    ended: Option<Instant>,
    /// The server takes nothing any more.
    refused: bool,
}

impl Relay {
    fn new(dir: &Path, streams: usize) -> Self {
        let state = State {
            pending: Pending::new(dir),
            since: None,
            due: 0,
            open: streams,
            ended: None,
            refused: false,
        };
        Self {
            state: Mutex::new(state),
            added: Notify::new(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn read(
        &self,
        number: usize,
        mut stream: impl AsyncRead + Unpin,
        over: impl Future<Output = ()>,
    ) -> (Excerpt, u64) {
        let mut over = std::pin::pin!(over);
        let mut excerpt = Excerpt::default();
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
            let mut state = self.state();
            if !state.refused {
                state.pending.add(number, &buffer);
                state.since.get_or_insert_with(Instant::now);
            }
            drop(state);
            self.added.notify_one();
        }
        let mut state = self.state();
        state.open -= 1;
        if state.open == 0 {
            state.ended = Some(Instant::now());
        }
        drop(state);
        self.added.notify_one();
        (excerpt, total)
    }

    /// Sends until the streams have ended and all of them is with the server, or that took too long: then
    /// what is left is returned.
    async fn send_all<S: Sink>(&self, sinks: &[S]) -> Vec<OutputPiece> {
        while let Some(piece) = self.next().await {
            // What the disk does not give back is a gap.
            let Some(bytes) = piece.held.read() else {
                continue;
            };
            match self.send(&sinks[piece.stream], piece.offset, bytes).await {
                Sent::Taken => {}
                Sent::Refused => {
                    let mut state = self.state();
                    state.refused = true;
                    while state.pending.take().is_some() {}
                    return Vec::new();
                }
                Sent::Late => {
                    let mut unsent = vec![piece];
                    while let Some(piece) = self.next().await {
                        unsent.push(piece);
                    }
                    return unsent;
                }
            }
            if piece.offset > STORED_BYTES && self.state().ended.is_none() {
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

    /// The next piece, when enough waits or it waited long enough; `None` at the end.
    async fn next(&self) -> Option<OutputPiece> {
        loop {
            let since = {
                let mut state = self.state();
                let flush = state.since.is_some_and(|at| at.elapsed() >= FLUSH_PERIOD);
                if state.due == 0
                    && (flush || state.pending.in_memory() >= FLUSH_BYTES || state.ended.is_some())
                {
                    state.due = state.pending.count();
                }
                if state.due > 0
                    && let Some(piece) = state.pending.take()
                {
                    // All that was there goes with it; what comes meanwhile has its own time.
                    state.due -= 1;
                    if state.due == 0 {
                        state.since = (state.pending.count() > 0).then(Instant::now);
                    }
                    return Some(piece);
                }
                state.due = 0;
                if state.pending.count() == 0 {
                    // What waited was left out: there is no time to wait for.
                    state.since = None;
                }
                if state.ended.is_some() {
                    return None;
                }
                state.since
            };
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
