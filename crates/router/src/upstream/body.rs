//! The bodies of an exchange. Both are streams: nothing is collected, and who reads slowly makes the other side
//! write slowly.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::UpstreamConnection;
use crate::{
    lingering::Unread,
    live::{InFlight, OpenRequest},
};

/// The body of a request on its way to the target.
pub(crate) struct UploadBody {
    incoming: Option<Incoming>,
    /// Cleared when the whole body was read.
    unread: Unread,
    progress: Option<Arc<UploadProgress>>,
}

/// How far an upload is.
#[derive(Default)]
pub(crate) struct UploadProgress {
    /// Frames that were read.
    pub(super) frames: AtomicU64,
    /// The caller has to send more; otherwise the target has to read what is here.
    pub(super) awaits_caller: AtomicBool,
    pub(super) ended: AtomicBool,
}

impl UploadProgress {
    /// True if the caller has to send more before anything can happen.
    pub(super) fn awaits_caller(&self) -> bool {
        self.awaits_caller.load(Relaxed) && !self.ended.load(Relaxed)
    }
}

impl UploadBody {
    pub(crate) fn new(incoming: Incoming, unread: Unread) -> Self {
        let streams = !incoming.is_end_stream();
        Self {
            incoming: streams.then_some(incoming),
            unread,
            progress: streams.then(Arc::default),
        }
    }

    /// Without any byte.
    pub(crate) fn empty() -> Self {
        Self {
            incoming: None,
            unread: Unread::default(),
            progress: None,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.incoming.is_none()
    }

    pub(super) fn progress(&self) -> Option<Arc<UploadProgress>> {
        self.progress.clone()
    }
}

impl Body for UploadBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Some(incoming) = &mut self.incoming else {
            return Poll::Ready(None);
        };
        let frame = Pin::new(&mut *incoming).poll_frame(cx);
        let ended = matches!(&frame, Poll::Ready(None)) || incoming.is_end_stream();
        if let Some(progress) = &self.progress {
            progress.awaits_caller.store(frame.is_pending(), Relaxed);
            progress
                .frames
                .fetch_add(u64::from(frame.is_ready()), Relaxed);
            progress.ended.fetch_or(ended, Relaxed);
        }
        if ended {
            self.unread.set(false);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let hint = self.incoming.as_ref().map(Body::size_hint);
        hint.unwrap_or_else(|| SizeHint::with_exact(0))
    }
}

/// The body of a response on its way to the caller.
pub(crate) enum ResponseBody {
    /// Written by the router.
    Page(Full<Bytes>),
    /// Comes from the target.
    Relay(Box<Relay>),
}

/// The body of a target's response, and what ends with it.
pub(crate) struct Relay {
    incoming: Incoming,
    ended: bool,
    /// Drives the exchange; `None` if a task of its own does.
    connection: Option<Box<UpstreamConnection>>,
    in_flight: InFlight,
    _request: OpenRequest,
}

impl Relay {
    pub(crate) fn new(
        incoming: Incoming,
        connection: Option<Box<UpstreamConnection>>,
        in_flight: InFlight,
        request: OpenRequest,
    ) -> Self {
        Self {
            incoming,
            ended: false,
            connection,
            in_flight,
            _request: request,
        }
    }

    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let incoming = Pin::new(&mut self.incoming);
        let frame = match &mut self.connection {
            Some(connection) => poll_driven(incoming, connection, cx),
            None => incoming.poll_frame(cx),
        };
        self.ended |= match &frame {
            Poll::Ready(None) => true,
            Poll::Ready(Some(Ok(frame))) => frame.is_trailers(),
            _ => false,
        };
        frame
    }
}

/// The next frame of a body that nothing but this drives. As in an exchange, the task is not to wake itself.
fn poll_driven(
    mut incoming: Pin<&mut Incoming>,
    connection: &mut UpstreamConnection,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
    let mut unwoken = Context::from_waker(Waker::noop());
    let frame = incoming.as_mut().poll_frame(&mut unwoken);
    if frame.is_ready() {
        return frame;
    }
    let _ = connection.driver.poll(cx);
    incoming.poll_frame(&mut unwoken)
}

impl Drop for Relay {
    fn drop(&mut self) {
        let complete = self.ended || self.incoming.is_end_stream();
        if let (true, Some(mut connection)) = (complete, self.connection.take()) {
            connection.reused = true;
            if connection.is_ready() {
                self.in_flight.upstream().keep_idle(connection);
            }
        }
    }
}

impl ResponseBody {
    pub(crate) fn empty() -> Self {
        Self::Page(Full::default())
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Page(page) => Pin::new(page)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Relay(relay) => relay.poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Page(page) => page.is_end_stream(),
            Self::Relay(relay) => relay.incoming.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Page(page) => page.size_hint(),
            Self::Relay(relay) => relay.incoming.size_hint(),
        }
    }
}
