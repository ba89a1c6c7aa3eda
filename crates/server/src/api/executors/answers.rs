//! Executors answer questions.

use std::{pin::pin, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    http::StatusCode,
};
use engine::RunId;
use futures_util::StreamExt;
use serde::Deserialize;
use store::{Topic, questions::AnswerPart};
use tokio::time::timeout;

use super::refuse;
use crate::{
    access::ExecutorIdentity,
    app::App,
    http::{
        check,
        extract::{Params, PathParams, run_id},
    },
    refusal::Refusal,
    runs::finish,
};

/// Pieces that wait for the caller who asked, at most; then the executor waits.
const WAITING_LIMIT: i64 = 16;

/// What is said of an answer besides its bytes.
#[derive(Debug, Deserialize)]
pub(crate) struct AnswerQuery {
    /// Why the executor has no answer.
    #[serde(default)]
    error: Option<String>,
}

/// Answers a question with the bytes of the body, as they come; `404` when the answer is not wanted any more.
#[utoipa::path(post, path = "/api/executors/{executor}/answers/{question}", tag = "executors",
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    params(("executor" = String, Path, description = "Its name"),
        ("question" = String, Path, description = "Id of the question"),
        ("error" = Option<String>, Query, description = "Why there is no answer")),
    responses((status = 204, description = "Passed on"),
        (status = 404, description = "The answer is not wanted any more")))]
pub(crate) async fn answer(
    State(app): State<App>,
    PathParams((executor, question)): PathParams<(String, String)>,
    Params(query): Params<AnswerQuery>,
    identity: ExecutorIdentity,
    request: Request,
) -> Result<StatusCode, Refusal> {
    check::name("executor", &executor)?;
    let answer = Answering {
        id: run_id(&question)?,
        executor: identity.name(&executor),
        alive_every: app.settings.question_timeout / 3,
        app,
    };
    answer.put(AnswerPart::Alive).await?;
    let end = match query.error {
        Some(error) => Some(finish::message(error)),
        None => answer.pass(request.into_body()).await?,
    };
    answer.put(AnswerPart::End(end)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// An answer on its way.
struct Answering {
    app: App,
    id: RunId,
    executor: String,
    /// How often the caller who asked learns that the executor is still there, when no bytes come.
    alive_every: Duration,
}

impl Answering {
    /// Stores a part, and waits while too many pieces wait for the caller who asked.
    async fn put(&self, part: AnswerPart) -> Result<(), Refusal> {
        let topic = self.app.store.wake().topic(Topic::Run(self.id));
        let (id, executor, now) = (self.id, self.executor.clone(), self.app.now_ms());
        let put = self
            .app
            .store
            .write(move |batch| store::questions::answer(batch, (id, &executor), &part, now));
        let mut waiting = put.await.map_err(refuse)?;
        loop {
            let taken = topic.next();
            match waiting {
                None => return Err(Refusal::not_found("the answer is not wanted any more")),
                Some(count) if count < WAITING_LIMIT => return Ok(()),
                Some(_) => _ = timeout(self.alive_every, taken).await,
            }
            let look = self
                .app
                .store
                .read(move |read| store::questions::waiting(read, id));
            waiting = look.await.map_err(refuse)?;
        }
    }

    /// Passes the bytes on. Answers why they broke off, if they did.
    async fn pass(&self, body: Body) -> Result<Option<String>, Refusal> {
        let mut bytes = pin!(body.into_data_stream());
        let mut number = 0;
        loop {
            match timeout(self.alive_every, bytes.next()).await {
                Err(_) => self.put(AnswerPart::Alive).await?,
                Ok(None) => return Ok(None),
                Ok(Some(Err(error))) => return Ok(Some(format!("its answer broke off: {error}"))),
                Ok(Some(Ok(piece))) if piece.is_empty() => {}
                Ok(Some(Ok(piece))) => {
                    number += 1;
                    self.put(AnswerPart::Piece(number, piece.into())).await?;
                }
            }
        }
    }
}
