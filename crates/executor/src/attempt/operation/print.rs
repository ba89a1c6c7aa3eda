//! What an operation prints: the output of its run.

use bytes::Bytes;
use futures_util::stream;
use tokio::{
    io::AsyncRead,
    sync::mpsc::{self, UnboundedSender},
};
use tokio_util::io::StreamReader;

use crate::redactor::Redactor;

/// Where an operation prints, line by line and without secrets.
#[derive(Clone)]
pub(super) struct Printer {
    lines: UnboundedSender<Bytes>,
    redactor: Redactor,
}

impl Printer {
    /// A printer, and what reads it; that ends with the last printer.
    pub(super) fn new(redactor: Redactor) -> (Self, impl AsyncRead + Unpin) {
        let (lines, receiver) = mpsc::unbounded_channel();
        let printed = stream::unfold(receiver, |mut receiver| async {
            let line: Bytes = receiver.recv().await?;
            Some((Ok::<_, std::io::Error>(line), receiver))
        });
        (
            Self { lines, redactor },
            StreamReader::new(Box::pin(printed)),
        )
    }

    /// Prints a line.
    pub(super) fn line(&self, line: impl Into<String>) {
        let mut line = self.redactor.text(line.into());
        line.push('\n');
        // The reader is there for as long as the attempt.
        let _ = self.lines.send(line.into());
    }

    pub(super) fn redactor(&self) -> &Redactor {
        &self.redactor
    }
}
