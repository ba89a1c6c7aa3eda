//! `/ws/runs/{id}/frames`: what the browser of one run shows, up to 25 times a second.

use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};

use super::socket::{self, Feed, Outgoing};
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
        (status = 426, description = "This opens no WebSocket")))]
pub(crate) async fn follow(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    PathRunId(id): PathRunId,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    runs::found(&app, &principal, id).await?;
    let upgrade = socket::opening(upgrade)?;
    let frames = RunFrames(app.frames.of_run(id));
    Ok(socket::open(
        upgrade,
        app,
        principal,
        Form::FRAME_SOCKET,
        frames,
    ))
}

struct RunFrames(RunFrameReader);

impl Feed for RunFrames {
    async fn next(&mut self) -> Result<Vec<Outgoing>, store::Error> {
        let text = self.0.next().await;
        Ok(vec![Outgoing { text, position: 0 }])
    }

    fn position(&self) -> i64 {
        0
    }

    fn is_ours(&self) -> bool {
        false
    }
}
