//! The pipe to the browser: JSON messages that end with a zero byte, in both directions.

use std::sync::Arc;

use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    sync::mpsc,
};

use super::{CdpEvents, CdpSession, routing::Routing};

/// No message is longer; a picture of a very long page has some 100 MB.
const LONGEST: u64 = 512 * 1024 * 1024;

/// Connects to a browser. `ended` tells, once nothing more can be read, how its process ended.
pub(crate) fn connect<E>(
    output: impl AsyncRead + Send + Unpin + 'static,
    input: impl AsyncWrite + Send + Unpin + 'static,
    ended: E,
) -> (CdpSession, CdpEvents)
where
    E: Future<Output = String> + Send + 'static,
{
    let (outgoing, queue) = mpsc::unbounded_channel();
    let (routing, events) = Routing::new(outgoing);
    tokio::spawn(write(input, queue));
    let reading = Arc::clone(&routing);
    tokio::spawn(async move {
        read(output, &reading).await;
        let how = ended.await;
        reading.end(&how);
    });
    (CdpSession { routing, id: None }, events)
}

async fn write(mut input: impl AsyncWrite + Unpin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(mut message) = queue.recv().await {
        message.push(0);
        let written = input.write_all(&message).await;
        if written.is_err() || input.flush().await.is_err() {
            // The reader notices the end of the browser.
            return;
        }
    }
}

async fn read(output: impl AsyncRead + Unpin, routing: &Routing) {
    let mut reader = BufReader::with_capacity(64 * 1024, output);
    let mut message = Vec::new();
    loop {
        message.clear();
        let mut limited = (&mut reader).take(LONGEST);
        match limited.read_until(0, &mut message).await {
            Ok(1..) if message.pop() == Some(0) => routing.receive(&message),
            _ => return,
        }
    }
}
