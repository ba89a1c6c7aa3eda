//! Reading bodies: bounded in length, in time and by what is free of the budget. And work on them,
//! which may take long.

use std::time::Duration;

use axum::{
    body::{Body, BodyDataStream, HttpBody},
    extract::Request,
    http::header,
};
use futures_util::TryStreamExt;
use tokio::time::{Instant, timeout_at};

use super::budget::{BUSY, SMALL_BYTES, Share};
use crate::refusal::{Refusal, RefusalKind};

/// A body that comes slower than this keeps memory from others for nothing: in bytes a second, once
/// [`GRACE`] is over.
const SLOWEST: u64 = 256 * 1024;
const GRACE: Duration = Duration::from_secs(30);
/// So much of what is beyond the limit is read, and thrown away.
const HEARD_BYTES: usize = 256 << 20;
/// What a JSON value takes at least when it is parsed. Values are separated by commas.
const VALUE_BYTES: u64 = 40;
/// Work on more bytes than this would keep other calls waiting.
const LONG_BYTES: usize = 1 << 20;

/// Why a body was not taken.
#[derive(Debug)]
pub(crate) enum BodyError {
    /// It is longer than so many bytes.
    TooLong(usize),
    /// It did not come to its end.
    Broken(String),
    /// It came too slowly.
    Slow,
    /// There is no memory free for it now.
    Busy,
}

impl From<BodyError> for Refusal {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLong(limit) => {
                let message = format!("the request body is larger than {limit} bytes");
                Self::new(RefusalKind::TooLarge, message).about("limit_bytes", limit)
            }
            BodyError::Broken(error) => Self::bad_request(format!("the body broke off: {error}")),
            BodyError::Slow => Self::new(RefusalKind::RequestTimeout, "the body comes too slowly"),
            BodyError::Busy => Self::new(RefusalKind::Unavailable, BUSY),
        }
    }
}

/// Refuses a body that is announced as longer than `limit` bytes by a caller who waits for a word before sending
/// it. Reading any of it would tell the caller to go on.
pub(crate) fn expected(request: &Request, limit: u64) -> Result<(), BodyError> {
    let waits = request.headers().contains_key(header::EXPECT);
    match request.body().size_hint().exact() {
        Some(length) if waits && length > limit => Err(BodyError::TooLong(
            usize::try_from(limit).unwrap_or(usize::MAX),
        )),
        _ => Ok(()),
    }
}

/// A body of at most `limit` bytes.
pub(crate) async fn read(request: Request, limit: usize) -> Result<Vec<u8>, BodyError> {
    expected(&request, limit as u64)?;
    let share = request.extensions().get::<Share>().cloned();
    collect(request.into_body(), limit, share.as_ref(), 1).await
}

/// A body of at most `limit` bytes that is going to be parsed: its share has room for the result.
pub(crate) async fn read_json(request: Request, limit: usize) -> Result<Vec<u8>, BodyError> {
    expected(&request, limit as u64)?;
    let share = request.extensions().get::<Share>().cloned();
    let bytes = collect(request.into_body(), limit, share.as_ref(), 2).await?;
    let Some(share) = share else {
        return Ok(bytes);
    };
    let (bytes, commas) = offload(bytes.len(), move || {
        let commas = bytes.iter().filter(|byte| **byte == b',').count();
        (bytes, commas as u64)
    })
    .await;
    // Many short values take more than their text.
    let more = (commas * VALUE_BYTES).saturating_sub(bytes.len() as u64);
    if share.take(more).await {
        Ok(bytes)
    } else {
        Err(BodyError::Busy)
    }
}

/// Takes so many times the body's length from the budget, then reads it.
async fn collect(
    body: Body,
    limit: usize,
    share: Option<&Share>,
    times: u64,
) -> Result<Vec<u8>, BodyError> {
    let known = body.size_hint().exact();
    let most = known.unwrap_or(limit as u64).min(limit as u64);
    let deadline = Instant::now() + GRACE + Duration::from_secs(most / SLOWEST);
    // One that is too long is not kept.
    let kept = known.is_none_or(|length| length <= limit as u64);
    let mut untaken = share.filter(|_| kept);
    if let Some(share) = untaken.take_if(|_| known.is_some())
        && !share.take(most * times).await
    {
        return Err(BodyError::Busy);
    }
    let (mut bytes, mut length) = (Vec::new(), 0);
    if let Some(known) = known.filter(|_| kept) {
        bytes.reserve_exact(usize::try_from(known).unwrap_or(0));
    }
    let mut chunks = body.into_data_stream();
    loop {
        let chunk = timeout_at(deadline, chunks.try_next()).await;
        let chunk = chunk
            .map_err(|_| BodyError::Slow)?
            .map_err(|error| BodyError::Broken(error.to_string()))?;
        let Some(chunk) = chunk else {
            return Ok(bytes);
        };
        length += chunk.len();
        if length > limit {
            drop(bytes);
            share.inspect(|share| share.release());
            return Err(rest_of(&mut chunks, limit).await);
        }
        // Of unknown length, and not a small one.
        if let Some(share) = untaken.take_if(|_| length as u64 > SMALL_BYTES)
            && !share.take(most * 2).await
        {
            return Err(BodyError::Busy);
        }
        if kept {
            bytes.extend_from_slice(&chunk);
        }
    }
}

/// Reads on what is too long, so that the caller, who writes before it reads, hears the answer.
async fn rest_of(chunks: &mut BodyDataStream, limit: usize) -> BodyError {
    let (mut more, deadline) = (0, Instant::now() + GRACE);
    while more < HEARD_BYTES
        && let Ok(Ok(Some(chunk))) = timeout_at(deadline, chunks.try_next()).await
    {
        more += chunk.len();
    }
    BodyError::TooLong(limit)
}

/// Runs `work` on so many bytes: when they are many, not on a thread that others wait for.
pub(crate) async fn offload<T: Send + 'static>(
    length: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if length <= LONG_BYTES {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going away, and this call with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, extract::Request};

    use super::{BodyError, read, read_json};
    use crate::http::budget::Budget;

    const MIB: u64 = 1 << 20;

    #[tokio::test]
    async fn what_becomes_much_more_than_its_text_takes_more() {
        let budget = Budget::new(4 * MIB);
        let other = budget.share();
        assert!(other.take(2 * MIB).await);
        let request = |text: &str| {
            let mut request = Request::new(Body::from(text.to_owned()));
            request.extensions_mut().insert(budget.share());
            request
        };
        let (text, words) = ("x".repeat(300_000), "\"\",".repeat(100_000));
        assert!(read_json(request(&text), 1 << 20).await.is_ok());
        assert!(read(request(&words), 1 << 20).await.is_ok());
        let refused = read_json(request(&words), 1 << 20).await;
        assert!(matches!(refused, Err(BodyError::Busy)), "{refused:?}");
        drop(other);
        assert!(read_json(request(&words), 1 << 20).await.is_ok());
    }
}
