//! What the steps of an execution print, as one output of its run.

use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    sync::Mutex,
};
use wire::jobs::Stream;

use crate::redactor::{RedactedStream, Redactor};

/// What may wait between a step and the reader.
const BUFFER_BYTES: usize = 64 << 10;

/// Where all steps print. It is closed and opened again where the run could have been parked.
pub(super) struct RunLog {
    redactor: Redactor,
    stdout: Mutex<Option<Writer>>,
    stderr: Mutex<Option<Writer>>,
}

/// One stream while it is open.
struct Writer {
    to: DuplexStream,
    /// Steps print without secrets already; this is for one that stands across what several of them print.
    redacted: RedactedStream,
}

impl RunLog {
    pub(super) fn new(redactor: Redactor) -> Self {
        Self {
            redactor,
            stdout: Mutex::default(),
            stderr: Mutex::default(),
        }
    }

    /// The readers of both streams; they end when the log is closed.
    pub(super) async fn open(&self) -> (DuplexStream, DuplexStream) {
        let (stdout, out) = self.writer();
        let (stderr, err) = self.writer();
        *self.stdout.lock().await = Some(stdout);
        *self.stderr.lock().await = Some(stderr);
        (out, err)
    }

    fn writer(&self) -> (Writer, DuplexStream) {
        let (to, reader) = duplex(BUFFER_BYTES);
        let redacted = self.redactor.stream();
        (Writer { to, redacted }, reader)
    }

    pub(super) async fn close(&self) {
        for stream in [&self.stdout, &self.stderr] {
            let writer = stream.lock().await.take();
            if let Some(Writer {
                mut to,
                mut redacted,
            }) = writer
            {
                let _ = to.write_all(&redacted.finish()).await;
            }
        }
    }

    /// Adds what a step printed; nothing of another step comes in between.
    pub(super) async fn write(&self, stream: Stream, bytes: &[u8]) {
        let stream = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        if let Some(Writer { to, redacted }) = &mut *stream.lock().await {
            // The reader is there for as long as the log is open.
            let _ = to.write_all(&redacted.push(bytes)).await;
        }
    }
}
