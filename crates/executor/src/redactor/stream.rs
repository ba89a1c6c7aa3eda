//! A text that comes in pieces, in which a secret may stand across several of them.

use std::io;

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, BoxStream},
};

use super::{REDACTED, Redactor};

/// Holds back no more than what may be the beginning of a secret.
pub struct RedactedStream {
    redactor: Redactor,
    held: Vec<u8>,
    /// So many bytes at the beginning of what is held are of a secret that was replaced already.
    replaced: usize,
}

impl RedactedStream {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            held: Vec::new(),
            replaced: 0,
        }
    }

    /// Takes a piece, and answers what can be said of the text so far.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(piece);
        let Some(patterns) = self.redactor.patterns() else {
            return std::mem::take(&mut self.held);
        };
        let end = patterns.unfinished_from(&self.held);
        self.release(end)
    }

    /// The rest, at the end of the text.
    pub fn finish(&mut self) -> Vec<u8> {
        self.release(self.held.len())
    }

    /// What stands before `end`. A secret that goes on after it is replaced, and not again with the next piece.
    fn release(&mut self, end: usize) -> Vec<u8> {
        let patterns = self.redactor.patterns();
        let spans = patterns.map_or_else(Vec::new, |patterns| patterns.spans(&self.held));
        let (mut released, mut at) = (Vec::with_capacity(end), self.replaced);
        for span in spans {
            if span.start >= at.max(end) {
                break;
            }
            if span.start >= at {
                released.extend_from_slice(&self.held[at..span.start]);
                released.extend_from_slice(REDACTED.as_bytes());
            }
            at = at.max(span.end);
        }
        if at < end {
            released.extend_from_slice(&self.held[at..end]);
        }
        self.replaced = at.saturating_sub(end);
        self.held.drain(..end);
        released
    }

    /// What a stream gives, without secrets.
    pub(super) fn pieces(
        self,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        let state = (pieces.boxed(), Some(self));
        let redacted = stream::try_unfold(state, |(mut pieces, redacted)| async move {
            let Some(mut redacted) = redacted else {
                return Ok(None);
            };
            while let Some(piece) = pieces.try_next().await? {
                let piece = redacted.push(&piece);
                if !piece.is_empty() {
                    return Ok(Some((Bytes::from(piece), (pieces, Some(redacted)))));
                }
            }
            Ok(Some((Bytes::from(redacted.finish()), (pieces, None))))
        });
        redacted.boxed()
    }
}
