//! One stream of a run's output on its way to the server.

use bytes::Bytes;
use wire::{
    client::{Client, Error},
    executors::OutputChunk,
    jobs::Stream,
};

use super::{AttemptRunner, Taken, Unsent};
use crate::output::{Held, OutputPiece, Sink};

/// Where the chunks of one stream go.
#[derive(Clone)]
pub(super) struct OutputStream {
    client: Client,
    run: String,
    /// Its first byte is at this position in the attempt's stream.
    first: OutputChunk,
}

impl AttemptRunner {
    /// A stream of a run, from its first byte.
    pub(super) fn output_stream(&self, taken: Taken<'_>, stream: Stream) -> OutputStream {
        OutputStream {
            client: self.client.clone(),
            run: taken.id.to_owned(),
            first: OutputChunk {
                stream,
                offset: 0,
                executor: self.environment.settings.name.clone(),
                token: taken.token,
            },
        }
    }
}

impl OutputStream {
    /// The rest of the stream after so many bytes.
    pub(super) fn after(mut self, bytes: u64) -> Self {
        self.first.offset += bytes;
        self
    }

    fn chunk(&self, offset: u64) -> OutputChunk {
        OutputChunk {
            offset: self.first.offset + offset,
            ..self.first.clone()
        }
    }
}

/// What the server has not taken of these streams, in the order in which it was read.
pub(super) fn unsent<const N: usize>(
    streams: [(&OutputStream, Vec<OutputPiece>); N],
) -> Vec<Unsent> {
    let pieces = streams.into_iter().flat_map(|(stream, pieces)| {
        let pieces = pieces.into_iter();
        pieces.map(move |piece| (stream, piece))
    });
    let mut pieces: Vec<_> = pieces.collect();
    pieces.sort_by_key(|(_, piece)| piece.number);
    let unsent = pieces.into_iter().map(|(stream, piece)| Unsent {
        chunk: stream.chunk(piece.offset),
        bytes: piece.held,
    });
    unsent.collect()
}

/// What the executor adds at the end of a stream, after all that was read.
pub(super) fn last_piece(offset: u64, text: &str) -> OutputPiece {
    OutputPiece {
        stream: 0,
        offset,
        number: u64::MAX,
        held: Held::Memory(text.as_bytes().to_vec()),
    }
}

impl Sink for OutputStream {
    async fn send(&self, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let chunk = self.chunk(offset);
        self.client.send_output(&self.run, &chunk, bytes).await
    }
}
