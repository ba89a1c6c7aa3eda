//! `/ws/executions`: the live messages of the playbook contract.

use std::sync::Arc;

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
use wire::playbooks::{ExecutionUpdate, StepStatus, UpdatedStep};

use super::{
    events::reset,
    feed::{Feed, Outgoing},
    socket,
};
use crate::{
    Principal,
    app::App,
    executions::{self, Extent},
    http::extract::Params,
    kinds,
    live::{Filter, Form, FrameReader, LiveEvent, Reader, ReaderStep},
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
        app: app.clone(),
        pending: Vec::new(),
        reader: app.tail.reader(after, filter).await?,
        frames: app.frames.reader(),
        ours: after.is_some(),
    };
    let form = Form::EXECUTION_SOCKET;
    socket::open(upgrade, app, principal, form, executions)
}

struct Executions {
    app: App,
    reader: Reader,
    /// Events that were read and not handed out.
    pending: Vec<Arc<LiveEvent>>,
    frames: FrameReader,
    ours: bool,
}

impl Feed for Executions {
    async fn next(&mut self) -> Result<Vec<Outgoing>, store::Error> {
        if self.pending.is_empty() {
            let step = tokio::select! {
                // Updates first: pictures may be left out.
                biased;
                step = self.reader.next() => step?,
                frame = self.frames.next() => {
                    let position = self.reader.position();
                    return Ok(vec![Outgoing { text: frame, position }]);
                }
            };
            match step {
                ReaderStep::Events(events) => self.pending = events,
                ReaderStep::Reset { oldest } if self.ours => {
                    return Ok(vec![reset(oldest, self.reader.position())]);
                }
                ReaderStep::Reset { .. } => return Ok(Vec::new()),
            }
        }
        let mut updates = Vec::with_capacity(self.pending.len());
        for event in &self.pending {
            let text = self
                .app
                .updates
                .text(event.row().seq, || update(&self.app, event.row()));
            updates.push(Outgoing {
                text: text.await?,
                position: event.row().seq,
            });
        }
        // Nothing waits any more: either all of it is handed out, or nothing.
        self.pending.clear();
        Ok(updates)
    }

    fn position(&self) -> i64 {
        match self.pending.first() {
            Some(event) => event.row().seq - 1,
            None => self.reader.position(),
        }
    }

    fn is_ours(&self) -> bool {
        self.ours
    }
}

/// An event of an execution as the contract has it: the step that changed, and the execution with its newest
/// steps as it is when the event is first sent, at a cost that does not grow with its steps. One that was deleted has only what the event says.
async fn update(app: &App, event: &EventRow) -> Result<Utf8Bytes, store::Error> {
    let step = step_result(event);
    let loaded = match event.run_id {
        Some(id) => {
            let shared = app.clone();
            let load = move |read: &mut store::Read<'_, '_>| {
                executions::load(read, &shared.executions, id, Extent::Newest)
            };
            app.store.read(load).await
        }
        None => return Ok(message(event.seq, &of_event(event, step.as_ref()))),
    };
    let data = match loaded {
        Ok(loaded) => json!(ExecutionUpdate {
            execution: executions::shown(loaded),
            step_result: step,
        }),
        Err(store::Error::NotFound(_)) => of_event(event, step.as_ref()),
        Err(error) => return Err(error),
    };
    Ok(message(event.seq, &data))
}

fn message(seq: i64, data: &Value) -> Utf8Bytes {
    let message = json!({"type": "execution_update", "seq": seq, "data": data});
    message.to_string().into()
}

fn of_event(event: &EventRow, step_result: Option<&UpdatedStep>) -> Value {
    let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
    json!({
        "execution_id": event.run_id.map(|run| run.to_string()),
        "status": data["status"].as_str().and_then(word),
        "step_result": step_result,
    })
}

/// The step that an event is about.
fn step_result(event: &EventRow) -> Option<UpdatedStep> {
    let stage = event.event_type.strip_prefix("execution.step_")?;
    let stage: engine::Stage = stage.parse().ok()?;
    let data: Value = serde_json::from_str(&event.data).ok()?;
    let text = |name: &str| data[name].as_str().map(str::to_owned);
    Some(UpdatedStep {
        path: text("path"),
        error: text("error"),
        step_id: data["step"].as_str()?.to_owned(),
        status: StepStatus::from(wire::executors::Stage::from(stage)),
    })
}

/// The contract's word for a status.
fn word(status: &str) -> Option<&'static str> {
    status.parse().ok().map(kinds::of(Kind::Execution).word_of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(event_type: &str, data: &Value) -> EventRow {
        EventRow {
            seq: 7,
            at: 0,
            event_type: event_type.to_owned(),
            kind: "execution".to_owned(),
            run_id: Some(engine::RunId::from_bytes([1; 16])),
            data: data.to_string(),
        }
    }

    #[test]
    fn an_event_of_a_step_names_the_step() {
        let data = json!({"name": "Module Upgrade", "status": "running", "step": "login"});
        let found = step_result(&event("execution.step_completed", &data));
        assert_eq!(
            json!(found),
            json!({"step_id": "login", "status": "completed"})
        );
        assert!(step_result(&event("execution.started", &data)).is_none());
        assert!(step_result(&event("execution.step_tried", &data)).is_none());
    }

    #[test]
    fn an_event_of_a_deleted_execution_has_a_word_of_the_contract() {
        for status in engine::Status::ALL {
            let event = event("execution.ended", &json!({"status": status.as_str()}));
            let found = of_event(&event, None);
            let word = found["status"].as_str().expect("a status");
            let known = [
                "pending",
                "running",
                "waiting",
                "completed",
                "failed",
                "cancelled",
            ];
            assert!(known.contains(&word), "{status}: {word}");
            assert_eq!(found["step_result"], Value::Null);
        }
    }
}
