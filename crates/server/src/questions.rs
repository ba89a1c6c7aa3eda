//! Questions: what the server asks an executor and does not keep. A question goes down the call with which the
//! executor renews its leases; the answer comes back as one stream of bytes, through the database, so that it
//! does not matter which server the executor talks to.

use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use engine::RunId;
use futures_util::{StreamExt, stream};
use serde::de::DeserializeOwned;
use store::{
    Store, Topic,
    questions::{AnswerPieces, NewQuestion},
};
use tokio::time::{Instant, timeout_at};
use wire::executors::Question;

use crate::{
    app::App,
    refusal::{Refusal, RefusalKind},
};

/// Asks an executor. The answer's first bytes are there when this returns; what follows is read as it comes.
pub(crate) async fn ask(app: &App, executor: &str, question: &Question) -> Result<Body, Refusal> {
    let mut asked = Asked {
        app: app.clone(),
        id: app.clock.run_id(),
        open: true,
    };
    let new = NewQuestion {
        id: asked.id,
        executor: executor.to_owned(),
        body: written(app, asked.id, question).await?,
        now: app.now_ms(),
    };
    let registered = app
        .store
        .write(move |batch| store::questions::ask(batch, &new));
    if !registered.await? {
        let message = format!("no executor `{executor}` has registered");
        return Err(Refusal::not_found(message));
    }
    let first = match asked.next().await {
        Ok(Some(first)) => first,
        Ok(None) => return Ok(Body::empty()),
        Err(error) => {
            // Before the refusal: an executor that comes back then is not asked in vain.
            asked.open = false;
            forget(app.store.clone(), asked.id).await;
            return Err(error.about(executor));
        }
    };
    let rest = stream::try_unfold(asked, |mut asked| async move {
        let next = asked.next().await.map_err(std::io::Error::other)?;
        Ok::<_, std::io::Error>(next.map(|bytes| (bytes, asked)))
    });
    let first = stream::once(std::future::ready(Ok(first)));
    Ok(Body::from_stream(first.chain(rest)))
}

/// A question as its row has it: what a person types into a page is sealed.
async fn written(app: &App, id: RunId, question: &Question) -> Result<Vec<u8>, Refusal> {
    // An enum of words has a JSON form.
    let body = serde_json::to_vec(question).unwrap_or_default();
    match question {
        Question::SteerBrowser { .. } => {
            let sealer = app.vault.sealer(&app.store).await?;
            Ok(sealer.seal(&sealed_name(id), &body))
        }
        _ => Ok(body),
    }
}

/// The question of a row.
pub(crate) async fn read(app: &App, id: RunId, body: &[u8]) -> Result<Question, Refusal> {
    if let Ok(question) = serde_json::from_slice(body) {
        return Ok(question);
    }
    let sealer = app.vault.sealer(&app.store).await?;
    let opened = sealer.open(&sealed_name(id), body).unwrap_or_default();
    Ok(serde_json::from_slice(&opened).unwrap_or(Question::Unknown))
}

/// What a question is sealed under: no credential has such a name.
fn sealed_name(id: RunId) -> String {
    format!("@question {id}")
}

/// The longest answer that is read as a whole, in bytes.
const ANSWER_LIMIT: usize = 4 << 20;

/// Asks an executor for something that it answers as JSON.
pub(crate) async fn ask_for<T: DeserializeOwned>(
    app: &App,
    executor: &str,
    question: &Question,
) -> Result<T, Refusal> {
    let body = ask(app, executor, question).await?;
    let unread = |why: String| {
        let message = format!("executor `{executor}`: its answer cannot be read: {why}");
        Refusal::new(RefusalKind::Unavailable, message)
    };
    let bytes = axum::body::to_bytes(body, ANSWER_LIMIT).await;
    let bytes = bytes.map_err(|error| unread(error.to_string()))?;
    serde_json::from_slice(&bytes).map_err(|error| unread(error.to_string()))
}

/// Why there is no answer, or not the rest of it.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error("{0}")]
    Executor(String),
    #[error("no answer within {} s: it is away, or the way to it is", .0.as_secs_f64())]
    Late(Duration),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl NoAnswer {
    fn about(self, executor: &str) -> Refusal {
        match self {
            Self::Executor(reason) => {
                let message = format!("executor `{executor}`: {reason}");
                Refusal::new(RefusalKind::Unavailable, message)
            }
            Self::Late(_) => {
                let message = format!("executor `{executor}`: {self}");
                Refusal::new(RefusalKind::TimedOut, message)
            }
            Self::Store(error) => error.into(),
        }
    }
}

/// An open question. It is forgotten when this is dropped: then the executor stops answering.
struct Asked {
    app: App,
    id: RunId,
    open: bool,
}

impl Asked {
    /// The next bytes of the answer; none after its end.
    async fn next(&mut self) -> Result<Option<Bytes>, NoAnswer> {
        let (store, id) = (&self.app.store, self.id);
        // Subscribe before looking: what comes in between is not missed.
        let topic = store.wake().topic(Topic::Run(id));
        let limit = self.app.settings.question_timeout;
        let mut until = Instant::now() + limit;
        let mut seen = None;
        loop {
            let more = topic.next();
            let taken = store.write(move |batch| store::questions::take(batch, id));
            let AnswerPieces {
                pieces,
                seen_at,
                end,
            } = taken.await?;
            if !pieces.is_empty() {
                return Ok(Some(pieces.concat().into()));
            }
            match end {
                Some(Ok(())) => return Ok(None),
                Some(Err(reason)) => return Err(NoAnswer::Executor(reason)),
                None => {}
            }
            if seen_at != seen {
                (seen, until) = (seen_at, Instant::now() + limit);
            }
            if timeout_at(until, more).await.is_err() {
                return Err(NoAnswer::Late(limit));
            }
        }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let (true, Ok(runtime)) = (self.open, tokio::runtime::Handle::try_current()) {
            runtime.spawn(forget(self.app.store.clone(), self.id));
        }
    }
}

async fn forget(store: Store, id: RunId) {
    let forgotten = store.write(move |batch| store::questions::forget(batch, id));
    if let Err(error) = forgotten.await {
        tracing::debug!(%error, "a question is left to the retention loop");
    }
}
