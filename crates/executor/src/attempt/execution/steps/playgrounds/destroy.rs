//! `playground.destroy`.

use std::time::Duration;

use engine::WaitFor;
use serde_json::{Map, json};
use wire::executors::{OperationLeft, PlaygroundRequest};

use super::{asked, done, failed, left, maybe_named, output, say, why};
use crate::attempt::execution::{
    call::{Done, StepCall},
    steps::child,
};

/// How long the end is waited for in an execution that was cancelled: it keeps its executor's slot, which the
/// operation may need.
const CANCELLED: Duration = Duration::from_secs(20);

/// Destroys the playground, or all that the execution made. The operations go on without the execution.
pub(in super::super) async fn destroy(call: &StepCall<'_>) -> Done {
    let request = PlaygroundRequest::Destroy {
        playground: maybe_named(call),
    };
    let mut news = call.news();
    let mut told = false;
    loop {
        news.looks();
        let asked = asked(call, &request).await?;
        let Some(playground) = &asked.playground else {
            return done(Map::from_iter([("status".to_owned(), json!("destroyed"))]));
        };
        if let Some(operation) = asked.operation.as_ref().filter(|one| one.has_ended())
            && operation.status != "completed"
        {
            let ended: OperationLeft = child::outcome(operation)?;
            let message = format!(
                "playground {} `{}` could not be destroyed: {}",
                playground.id,
                playground.name,
                why(&operation.status, &ended)
            );
            return Err(failed(message, output(Some(playground))));
        }
        let mut limit = left(call, &asked)?;
        if let Some(after) = asked.after.as_ref().filter(|_| !told) {
            told = true;
            say(call, &format!("waits for operation {after}")).await;
        }
        if asked.cancelled {
            let age = Duration::from_millis(asked.age_ms);
            let Some(left) = CANCELLED.checked_sub(age).filter(|left| !left.is_zero()) else {
                say(
                    call,
                    "the execution was cancelled and does not wait for the end",
                )
                .await;
                return done(output(Some(playground)));
            };
            limit = limit.min(left);
        }
        news.wait(WaitFor::Playground, Some(limit.min(super::LOOK_PERIOD)))
            .await;
    }
}
