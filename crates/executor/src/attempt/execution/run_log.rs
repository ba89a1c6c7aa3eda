//! What the steps of an execution print, as one output of its run.

use tokio::{
    io::{AsyncWriteExt, DuplexStream, duplex},
    sync::Mutex,
};
use wire::jobs::Stream;

/// What may wait between a step and the reader.
const BUFFER_BYTES: usize = 64 << 10;

/// Where all steps print. It is closed and opened again where the run could have been parked.
#[derive(Default)]
pub(super) struct RunLog {
    stdout: Mutex<Option<DuplexStream>>,
    stderr: Mutex<Option<DuplexStream>>,
}

impl RunLog {
    /// The readers of both streams; they end when the log is closed.
    pub(super) async fn open(&self) -> (DuplexStream, DuplexStream) {
        let ((stdout, out), (stderr, err)) = (duplex(BUFFER_BYTES), duplex(BUFFER_BYTES));
        *self.stdout.lock().await = Some(stdout);
        *self.stderr.lock().await = Some(stderr);
        (out, err)
    }

    pub(super) async fn close(&self) {
        self.stdout.lock().await.take();
        self.stderr.lock().await.take();
    }

    /// Adds what a step printed; nothing of another step comes in between.
    pub(super) async fn write(&self, stream: Stream, bytes: &[u8]) {
        let stream = match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        };
        if let Some(writer) = &mut *stream.lock().await {
            // The reader is there for as long as the log is open.
            let _ = writer.write_all(bytes).await;
        }
    }
}
