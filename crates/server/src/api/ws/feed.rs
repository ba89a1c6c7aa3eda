//! What a socket sends, and why it ends.

use axum::extract::ws::Utf8Bytes;

/// A message, and the number after which a reader resumes that has it.
pub(super) struct Outgoing {
    pub(super) text: Utf8Bytes,
    pub(super) position: i64,
}

/// What a socket sends.
pub(super) trait Feed: Send + 'static {
    /// The next messages, in order. When it is dropped before it is ready, nothing is lost.
    fn next(&mut self) -> impl Future<Output = Result<Vec<Outgoing>, store::Error>> + Send;

    /// Number after which to resume when everything was sent that came out of here.
    fn position(&self) -> i64;

    /// Whether nothing comes any more.
    fn is_over(&self) -> bool {
        false
    }

    /// Whether the reader knows more than a contract: numbers, and what to do with them.
    fn is_ours(&self) -> bool;
}

/// Why a socket is closed.
pub(super) enum End {
    /// The peer went, or its connection did.
    Gone,
    /// It did not keep up.
    Slow,
    /// The key that opened it is not good any more.
    Unknown,
    /// There is nothing more to send.
    Over,
    /// The server stops.
    Stopping,
    /// The database did not answer.
    Failed,
}

impl End {
    pub(super) fn close(&self) -> Option<(u16, &'static str)> {
        match self {
            Self::Gone => None,
            Self::Slow => Some((1013, "too slow")),
            Self::Unknown => Some((1008, "the key was revoked or has expired")),
            Self::Over => Some((1000, "the run has ended")),
            Self::Stopping => Some((1012, "the server stops")),
            Self::Failed => Some((1011, "internal error")),
        }
    }
}
