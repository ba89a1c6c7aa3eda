//! What a component prints: lines of the log, and the end of it where it prints without end.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::AsyncWrite;
use wasmtime_wasi::{
    cli::{IsTerminal, StdoutStream},
    p2::{OutputStream, Pollable, StreamError, StreamResult},
};

use crate::logs::{Logs, Printed};

/// What a call and its streams share.
#[derive(Debug, Default)]
pub(super) struct Heard {
    logs: Mutex<Logs>,
    /// Whether more was printed than may be.
    flooded: AtomicBool,
}

impl Heard {
    pub(super) fn logs(&self) -> MutexGuard<'_, Logs> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_flooded(&self) -> bool {
        self.flooded.load(Ordering::Relaxed)
    }
}

/// One of the component's two streams. All its handles write into the same lines.
#[derive(Clone)]
pub(super) struct Printer {
    heard: Arc<Heard>,
    progress: Arc<Mutex<Progress>>,
    limit: u64,
}

#[derive(Default)]
struct Progress {
    printed: Printed,
    total: u64,
}

impl Printer {
    pub(super) fn new(heard: &Arc<Heard>, limit: u64) -> Self {
        Self {
            heard: Arc::clone(heard),
            progress: Arc::default(),
            limit,
        }
    }

    /// Takes what was printed; false when it is too much.
    fn print(&self, bytes: &[u8]) -> bool {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.total += bytes.len() as u64;
        progress.printed.push(bytes, &mut self.heard.logs());
        let fits = progress.total <= self.limit;
        self.heard.flooded.fetch_or(!fits, Ordering::Relaxed);
        fits
    }

    /// The last line may have no end.
    pub(super) fn finish(&self) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.printed.finish(&mut self.heard.logs());
    }
}

impl IsTerminal for Printer {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Printer {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

/// Never waits: whatever is printed is taken at once.
impl Pollable for Printer {
    fn ready<'a, 'b>(&'a mut self) -> Pin<Box<dyn Future<Output = ()> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        Box::pin(std::future::ready(()))
    }
}

impl OutputStream for Printer {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        if self.print(&bytes) {
            Ok(())
        } else {
            Err(StreamError::trap("it printed too much"))
        }
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(64 << 10)
    }
}

impl AsyncWrite for Printer {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(if self.print(bytes) {
            Ok(bytes.len())
        } else {
            Err(std::io::Error::other("it printed too much"))
        })
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
