//! The bodies of the measured steps: a server that answers at once and knows when.

use std::{
    mem::take,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use anyhow::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

/// The body of one step.
#[derive(Clone, Copy)]
pub(super) struct Body {
    /// Its request is there.
    pub(super) began: Instant,
    /// It is answered.
    pub(super) ended: Instant,
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Body>>>);

pub(super) struct Target {
    pub(super) url: String,
    seen: Seen,
}

impl Target {
    pub(super) async fn serve() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Seen::default();
        let bodies = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, bodies.clone()));
            }
        });
        Ok(Self { url, seen })
    }

    /// What was seen since the last call, in order.
    pub(super) fn take(&self) -> Vec<Body> {
        take(&mut self.seen.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Answers one connection; a request without a body ends with an empty line.
async fn answer(mut stream: TcpStream, seen: Seen) -> Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let began = Instant::now();
        request.clear();
        stream.write_all(ANSWER).await?;
        let ended = Instant::now();
        let mut seen = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.push(Body { began, ended });
    }
    Ok(())
}
