//! `/ws/runs/{id}/frames`: what the browser of one run shows, up to 25 times a second.

use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};

use engine::RunId;
use store::Topic;

use super::{
    feed::{Feed, Outgoing},
    socket,
};
use crate::{
    Principal,
    app::App,
    http::extract::PathRunId,
    live::{Form, RunFrameReader},
    refusal::Refusal,
    runs,
};

/// Follows the browser of one run over a WebSocket. Each message is a `LiveFrame`: a picture, and beside it what was
/// done last and where. The newest picture counts: a slow viewer misses some, and the run does not wait for it.
#[utoipa::path(get, path = "/ws/runs/{id}/frames", tag = "runs",
    params(("id" = String, Path, description = "Run id")),
    responses((status = 101, description = "A WebSocket of JSON messages", body = wire::browser::LiveFrame),
        (status = 400, description = "This opens no WebSocket"),
        (status = 404, description = "No such run"),
        (status = 409, description = "It has ended"),
        (status = 426, description = "This opens no WebSocket")))]
pub(crate) async fn follow(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let details = runs::found(&app, &principal, id).await?;
    if details.run.state.status().is_terminal() {
        return Err(Refusal::conflict(
            "the run has ended: it shows nothing any more",
        ));
    }
    let upgrade = socket::opening(upgrade)?;
    let frames = RunFrames {
        app: app.clone(),
        run: id,
        frames: app.frames.of_run(id),
        is_over: false,
    };
    socket::open(upgrade, app, principal, Form::FRAME_SOCKET, frames)
}

struct RunFrames {
    app: App,
    run: RunId,
    frames: RunFrameReader,
    is_over: bool,
}

impl Feed for RunFrames {
    async fn next(&mut self) -> Result<Vec<Outgoing>, store::Error> {
        let topic = self.app.store.wake().topic(Topic::Run(self.run));
        loop {
            let changed = topic.next();
            let run = self.run;
            let status = self
                .app
                .store
                .read(move |read| store::runs::outline(read, run));
            let is_over = match status.await {
                Ok(details) => details.run.state.status().is_terminal(),
                Err(store::Error::NotFound(_)) => true,
                Err(error) => return Err(error),
            };
            if is_over {
                self.is_over = true;
                return Ok(Vec::new());
            }
            tokio::select! {
                text = self.frames.next() => return Ok(vec![Outgoing { text, position: 0 }]),
                () = changed => {}
            }
        }
    }

    fn position(&self) -> i64 {
        0
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn is_ours(&self) -> bool {
        false
    }
}
