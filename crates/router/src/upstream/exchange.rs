//! One request and the beginning of its response, over one connection.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::Ordering::Relaxed,
    task::{Context, Poll, Waker},
    time::Duration,
};

use http::{Request, Response};
use hyper::body::Incoming;
use tokio::time::Instant;

use crate::deadline::Deadline;

use super::{UploadBody, UpstreamConnection, body::UploadProgress};

/// A response that has begun.
pub(crate) struct Exchanged {
    pub(crate) response: Response<Incoming>,
    /// What drives the rest of it.
    pub(crate) connection: Box<UpstreamConnection>,
    /// The last byte of the request was read.
    pub(crate) upload_ended: bool,
}

/// Why there is no response.
pub(crate) enum ExchangeError {
    /// Nothing was sent: the connection was closed before. The request is as it was.
    NotSent(Box<Request<UploadBody>>),
    /// The connection broke, after the target may have seen the request.
    Broken,
    /// The caller stopped in the middle of its upload.
    UploadStalled,
    /// The target neither reads on nor begins its response.
    NoResponse,
}

/// Sends a request and waits for the response to begin: for `limit` after the request was sent, and after
/// each piece of an upload.
pub(crate) async fn exchange(
    mut connection: Box<UpstreamConnection>,
    request: Request<UploadBody>,
    limit: Duration,
) -> Result<Exchanged, ExchangeError> {
    let progress = request.body().progress();
    let mut response = pin!(connection.sender.try_send_request(request));
    let UpstreamConnection {
        driver, deadline, ..
    } = &mut *connection;
    deadline.set(Instant::now() + limit);
    let mut timer = ResponseTimer {
        deadline,
        limit,
        frames: 0,
    };
    let progress = progress.as_deref();
    let answer = poll_fn(|cx| {
        let _ = driver.poll(cx);
        // Only the driver brings it about. With the task's own waker it would wake the task that is running.
        let mut unwoken = Context::from_waker(Waker::noop());
        match response.as_mut().poll(&mut unwoken) {
            Poll::Ready(answer) => Poll::Ready(Ok(answer)),
            Poll::Pending => timer.poll(progress, cx).map(Err),
        }
    });
    let response = answer.await?.map_err(|mut error| {
        let unsent = error.take_message().map(Box::new);
        unsent.map_or_else(|| ExchangeError::Broken, ExchangeError::NotSent)
    })?;
    Ok(Exchanged {
        response,
        connection,
        upload_ended: progress.is_none_or(|progress| progress.ended.load(Relaxed)),
    })
}

/// Ends an exchange in which nothing happens.
struct ResponseTimer<'a> {
    deadline: &'a mut Deadline,
    limit: Duration,
    /// How far the upload was when the timer was set.
    frames: u64,
}

impl ResponseTimer<'_> {
    fn poll(
        &mut self,
        upload: Option<&UploadProgress>,
        cx: &mut Context<'_>,
    ) -> Poll<ExchangeError> {
        while self.deadline.poll(cx).is_ready() {
            let frames = upload.map_or(0, |upload| upload.frames.load(Relaxed));
            if frames == self.frames {
                let stalled = upload.is_some_and(UploadProgress::awaits_caller);
                return Poll::Ready(if stalled {
                    ExchangeError::UploadStalled
                } else {
                    ExchangeError::NoResponse
                });
            }
            // It moved since: it may stand still for as long again.
            self.frames = frames;
            self.deadline.set(Instant::now() + self.limit);
        }
        Poll::Pending
    }
}
