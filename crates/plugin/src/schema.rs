//! The JSON Schema of a plugin's input. References lead into the schema itself or nowhere: nothing is
//! fetched.

use jsonschema::Validator;
use serde_json::Value;

use crate::{failure::Cause, logs::cut};

/// How much of a message is kept: it may quote the input.
const MESSAGE_BYTES: usize = 500;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema(Validator);

impl Schema {
    /// # Errors
    /// What is wrong with the schema.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        match jsonschema::validator_for(schema) {
            Ok(validator) => Ok(Self(validator)),
            Err(error) => Err(format!("{}: {}", error.instance_path(), shown(&error))),
        }
    }

    /// # Errors
    /// [`Cause::Input`] with the path of the first thing that is wrong.
    pub(crate) fn check(&self, input: &Value) -> Result<(), Cause> {
        self.0.validate(input).map_err(|error| Cause::Input {
            path: String::from(cut(&error.instance_path().to_string(), MESSAGE_BYTES)),
            message: shown(&error),
        })
    }
}

fn shown(error: &jsonschema::ValidationError<'_>) -> String {
    let message = error.to_string();
    let kept = cut(&message, MESSAGE_BYTES);
    if kept.len() < message.len() {
        format!("{kept} [...]")
    } else {
        message
    }
}
