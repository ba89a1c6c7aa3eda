//! One stream of a run's output on its way to the server.

use bytes::Bytes;
use wire::{
    client::{Client, Error},
    executors::OutputChunk,
    jobs::Stream,
};

use super::{AttemptRunner, Taken, Unsent};
use crate::output::Sink;

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

    /// What the server has not taken.
    pub(super) fn unsent(&self, chunks: Vec<(u64, Bytes)>) -> impl Iterator<Item = Unsent> {
        chunks.into_iter().map(|(offset, bytes)| Unsent {
            chunk: self.chunk(offset),
            bytes,
        })
    }

    fn chunk(&self, offset: u64) -> OutputChunk {
        OutputChunk {
            offset: self.first.offset + offset,
            ..self.first.clone()
        }
    }
}

impl Sink for OutputStream {
    async fn send(&self, offset: u64, bytes: Bytes) -> Result<(), Error> {
        let chunk = self.chunk(offset);
        self.client.send_output(&self.run, &chunk, bytes).await
    }
}
