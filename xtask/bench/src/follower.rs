//! A reader of the event log that only looks for what it counts: the bytes of both forms of the
//! stream are read as they come, without a parser.

use std::{net::SocketAddr, time::Instant};

use anyhow::{Result, bail};
use memchr::memmem;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// How the log is followed.
#[derive(Clone, Copy)]
pub(crate) enum Form {
    Sse,
    WebSocket,
}

impl Form {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Sse => "SSE readers",
            Self::WebSocket => "WebSocket readers",
        }
    }

    fn request(self) -> &'static str {
        match self {
            Self::Sse => "GET /api/events HTTP/1.1\r\nhost: localhost\r\n\r\n",
            Self::WebSocket => concat!(
                "GET /ws/events HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\n",
                "upgrade: websocket\r\nsec-websocket-version: 13\r\n",
                "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            ),
        }
    }

    /// What says that the server has the reader.
    fn begin(self) -> &'static [u8] {
        match self {
            Self::Sse => b": alive",
            Self::WebSocket => br#""position""#,
        }
    }

    /// What each event has once. A server's frames are not masked.
    fn event(self) -> &'static [u8] {
        match self {
            Self::Sse => b"event: job.submitted",
            Self::WebSocket => br#""type":"job.submitted""#,
        }
    }
}

/// A reader.
pub(crate) struct Follower {
    stream: TcpStream,
    form: Form,
    /// What may be the beginning of something.
    pending: Vec<u8>,
}

impl Follower {
    /// When this returns, the server tells it of every event from now on.
    pub(crate) async fn open(address: SocketAddr, form: Form) -> Result<Self> {
        let mut stream = TcpStream::connect(address).await?;
        stream.write_all(form.request().as_bytes()).await?;
        let mut follower = Self {
            stream,
            form,
            pending: Vec::new(),
        };
        while follower.take(form.begin()) == 0 {
            follower.read().await?;
        }
        Ok(follower)
    }

    /// When each of the next `count` events came.
    pub(crate) async fn receive(mut self, count: usize) -> Result<Vec<Instant>> {
        let mut times = Vec::with_capacity(count);
        while times.len() < count {
            self.read().await?;
            let now = Instant::now();
            for _ in 0..self.take(self.form.event()) {
                times.push(now);
            }
        }
        Ok(times)
    }

    async fn read(&mut self) -> Result<()> {
        if self.stream.read_buf(&mut self.pending).await? == 0 {
            let text = String::from_utf8_lossy(&self.pending);
            bail!("the stream ended: {text}");
        }
        Ok(())
    }

    /// How often `needle` is there; forgets everything up to the last one, and what cannot belong
    /// to another.
    fn take(&mut self, needle: &[u8]) -> usize {
        let (mut count, mut end) = (0, 0);
        for at in memmem::find_iter(&self.pending, needle) {
            (count, end) = (count + 1, at + needle.len());
        }
        let keep = self.pending.len().saturating_sub(needle.len() - 1).max(end);
        self.pending.drain(..keep);
        count
    }
}
