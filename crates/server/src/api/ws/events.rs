//! `/ws/events`: the event log for anybody, from any number, filtered.

use axum::{
    Extension,
    extract::{
        State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use serde_json::json;

use super::{
    feed::{Feed, Outgoing},
    socket,
};
use crate::{
    Principal,
    api::events::{Wanted, wanted},
    app::App,
    http::extract::Params,
    live::{Form, Reader, ReaderStep},
    refusal::Refusal,
};

/// Follows the event log over a WebSocket: each message is an event. Messages of the stream itself
/// have a type without a dot: `position`, `reset` and `resume`, with the number to go on after.
#[utoipa::path(get, path = "/ws/events", tag = "events", params(Wanted),
    responses((status = 101, description = "A WebSocket of JSON messages",
            body = wire::events::Event),
        (status = 400, description = "A parameter is wrong, or this opens no WebSocket"),
        (status = 426, description = "This opens no WebSocket")))]
pub(crate) async fn follow(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Params(asked): Params<Wanted>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    let (after, filter) = wanted(asked)?;
    let upgrade = socket::opening(upgrade)?;
    let reader = app.tail.reader(after, filter).await?;
    let (form, events) = (Form::EVENT_SOCKET, Events(reader));
    socket::open(upgrade, app, principal, form, events)
}

struct Events(Reader);

impl Feed for Events {
    async fn next(&mut self) -> Result<Vec<Outgoing>, store::Error> {
        Ok(match self.0.next().await? {
            ReaderStep::Events(events) => events
                .iter()
                .map(|event| Outgoing {
                    text: event.json().clone(),
                    position: event.row().seq,
                })
                .collect(),
            ReaderStep::Reset { oldest } => vec![reset(oldest, self.0.position())],
        })
    }

    fn position(&self) -> i64 {
        self.0.position()
    }

    fn is_ours(&self) -> bool {
        true
    }
}

/// Tells a reader that it missed events, and which is the oldest that is left.
pub(super) fn reset(oldest: i64, position: i64) -> Outgoing {
    let text = json!({"type": "reset", "oldest": oldest})
        .to_string()
        .into();
    Outgoing { text, position }
}
