//! Refusals that this contract has codes and details for.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::PlaygroundStatus;
use crate::refusal::{Refusal, RefusalKind};

/// The key under which a refusal's details stand.
pub(crate) const DETAILS: &str = "details";

/// What is wrong with the fields of a request, each with its messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct FieldErrors(BTreeMap<String, Vec<String>>);

impl FieldErrors {
    pub(crate) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.entry(field.into()).or_default().push(message.into());
    }

    /// Notes what is wrong with one field.
    pub(crate) fn note(&mut self, field: &str, checked: Result<(), String>) {
        if let Err(message) = checked {
            self.add(field, message);
        }
    }

    /// Refuses when anything is wrong.
    pub(crate) fn refuse(self) -> Result<(), Refusal> {
        if self.0.is_empty() {
            return Ok(());
        }
        let sentences = self.0.iter().flat_map(|(field, messages)| {
            let sentence = move |message: &String| format!("{field} {message}");
            messages.iter().map(sentence)
        });
        let message = sentences.collect::<Vec<_>>().join("; ");
        let details: Map<String, Value> = self
            .0
            .into_iter()
            .map(|(field, messages)| (field, json!(messages)))
            .collect();
        Err(unprocessable("VALIDATION_FAILED", message).about(DETAILS, details))
    }
}

/// One field is wrong; the message goes on from the field's name.
pub(crate) fn invalid(field: &str, message: impl Into<String>) -> Refusal {
    let mut errors = FieldErrors::default();
    errors.add(field, message);
    match errors.refuse() {
        Err(refusal) => refusal,
        Ok(()) => Refusal::internal("nothing is wrong"),
    }
}

/// The status does not allow it.
pub(crate) fn invalid_state(
    what: &str,
    current: PlaygroundStatus,
    allowed: &[PlaygroundStatus],
    force_allowed: bool,
) -> Refusal {
    let allowed: Vec<&str> = allowed.iter().map(|status| status.as_str()).collect();
    let message = format!(
        "the playground is {}: {what} needs one that is {}",
        current.as_str(),
        allowed.join(", ")
    );
    let details = json!({
        "current_status": current.as_str(),
        "allowed_statuses": allowed,
        "force_allowed": force_allowed,
    });
    unprocessable("INVALID_STATE", message).about(DETAILS, details)
}

/// There are as many as there may be.
pub(crate) fn quota_exceeded(what: &str, limit: i64) -> Refusal {
    let message = format!("there are {limit} {what} already: delete some first");
    unprocessable("QUOTA_EXCEEDED", message).about(DETAILS, json!({"limit": limit}))
}

/// Playgrounds need it.
pub(crate) fn locked(playgrounds: i64) -> Refusal {
    let message = format!("{playgrounds} playgrounds are made from it: destroy them first");
    unprocessable("LOCKED", message).about(DETAILS, json!({"playground_count": playgrounds}))
}

/// Another operation has not ended.
pub(crate) fn busy(run: &str, action: &str) -> Refusal {
    let message = format!(
        "another operation ({action}) has not ended: wait for it, or cancel it with \
         POST /api/runs/{run}/cancel"
    );
    let details = json!({"operation_id": run, "operation": action});
    Refusal::conflict(message).about(DETAILS, details)
}

fn unprocessable(code: &'static str, message: String) -> Refusal {
    Refusal::new(RefusalKind::Unprocessable, message).coded(code)
}
