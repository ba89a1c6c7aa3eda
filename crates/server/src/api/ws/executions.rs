//! `/ws/executions`: what the playbook contract tells of executions, live.

use axum::{
    Extension,
    extract::{
        State,
        ws::{Utf8Bytes, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    response::Response,
};
use engine::Kind;
use serde::Deserialize;
use serde_json::{Value, json};
use store::events::EventRow;

use super::{
    events::reset,
    socket::{self, Feed, Outgoing},
};
use crate::{
    Principal,
    app::App,
    http::extract::Params,
    kinds,
    live::{Filter, Form, FrameReader, Reader, Step},
    refusal::Refusal,
};

/// From where.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ExecutionsQuery {
    /// Only updates with a higher number; without it only new ones, and no message beyond the
    /// contract's.
    after: Option<i64>,
}

/// Follows all executions over a WebSocket: `execution_update` when one changes, with its number as
/// `seq`, and `screenshot_frame` while a browser runs.
#[utoipa::path(get, path = "/ws/executions", tag = "executions", params(ExecutionsQuery),
    responses((status = 101, description = "A WebSocket of JSON messages"),
        (status = 400, description = "A parameter is wrong, or this opens no WebSocket"),
        (status = 426, description = "This opens no WebSocket")))]
pub(crate) async fn follow(
    State(app): State<App>,
    Extension(principal): Extension<Principal>,
    Params(ExecutionsQuery { after }): Params<ExecutionsQuery>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    if after.is_some_and(|after| after < 0) {
        return Err(Refusal::bad_request("after must not be negative"));
    }
    let upgrade = socket::opening(upgrade)?;
    let filter = Filter {
        kind: Some(Kind::Execution.to_string()),
        ..Filter::default()
    };
    let executions = Executions {
        reader: app.tail.reader(after, filter).await?,
        frames: app.frames.reader(),
        ours: after.is_some(),
    };
    let form = Form::EXECUTION_SOCKET;
    Ok(socket::open(upgrade, app, principal, form, executions))
}

struct Executions {
    reader: Reader,
    frames: FrameReader,
    ours: bool,
}

impl Feed for Executions {
    async fn next(&mut self) -> Result<Vec<Outgoing>, store::Error> {
        let step = tokio::select! {
            // Updates first: pictures may be left out.
            biased;
            step = self.reader.next() => step?,
            frame = self.frames.next() => {
                let position = self.reader.position();
                return Ok(vec![Outgoing { text: frame, position }]);
            }
        };
        Ok(match step {
            Step::Events(events) => events
                .iter()
                .map(|event| Outgoing {
                    text: update(event.row()),
                    position: event.row().seq,
                })
                .collect(),
            Step::Reset { oldest } if self.ours => vec![reset(oldest, self.reader.position())],
            Step::Reset { .. } => Vec::new(),
        })
    }

    fn position(&self) -> i64 {
        self.reader.position()
    }

    fn is_ours(&self) -> bool {
        self.ours
    }
}

/// An event of an execution as the contract tells it. What belongs to a step comes from the event.
fn update(event: &EventRow) -> Utf8Bytes {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    let of_event = |name: &str| data.get(name).cloned().unwrap_or_default();
    let status = data["status"].as_str().and_then(word);
    let message = json!({
        "type": "execution_update",
        "seq": event.seq,
        "data": {
            "execution_id": event.run_id.map(|run| run.to_string()),
            "status": status,
            "current_step_index": of_event("current_step_index"),
            "step_result": of_event("step_result"),
        },
    });
    message.to_string().into()
}

/// The contract's word for a status.
fn word(status: &str) -> Option<&'static str> {
    status.parse().ok().map(kinds::of(Kind::Execution).word_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(data: &Value) -> Value {
        let event = EventRow {
            seq: 7,
            at: 0,
            event_type: "execution.checkpointed".to_owned(),
            kind: "execution".to_owned(),
            run_id: Some(engine::RunId::from_bytes([1; 16])),
            data: data.to_string(),
        };
        serde_json::from_str(&update(&event)).expect("JSON")
    }

    #[test]
    fn a_step_is_told_as_in_the_contract() {
        let step = json!({"step_id": "login", "status": "completed"});
        let found = shown(&json!({
            "name": "Module Upgrade", "status": "running", "attempt": 1,
            "current_step_index": 2, "step_result": step,
        }));
        let expected = json!({
            "type": "execution_update",
            "seq": 7,
            "data": {
                "execution_id": "01010101-0101-0101-0101-010101010101",
                "status": "running",
                "current_step_index": 2,
                "step_result": step,
            },
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn every_state_has_a_word_of_the_contract() {
        for status in engine::Status::ALL {
            let found = shown(&json!({"status": status.as_str()}));
            let word = found["data"]["status"].as_str().expect("a status");
            let known = ["pending", "running", "completed", "failed", "cancelled"];
            assert!(known.contains(&word), "{status}: {word}");
            assert_eq!(found["data"]["step_result"], Value::Null);
        }
    }
}
