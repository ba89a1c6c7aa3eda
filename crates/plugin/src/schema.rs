//! The JSON Schema of a plugin's input. References lead into the schema itself or nowhere: nothing is
//! fetched.

use jsonschema::Validator;
use serde_json::Value;

use crate::{depth, failure::Cause, logs::cut};

/// How much of a message is kept: it may quote the input.
const MESSAGE_BYTES: usize = 500;

/// A compiled schema.
#[derive(Debug)]
pub(crate) struct Schema {
    validator: Validator,
    /// In its own words, what it describes.
    description: Option<String>,
}

impl Schema {
    /// # Errors
    /// What is wrong with the schema.
    pub(crate) fn new(schema: &Value) -> Result<Self, String> {
        depth::of_schema(schema)?;
        let description = schema.get("description").and_then(Value::as_str);
        match jsonschema::validator_for(schema) {
            Ok(validator) => Ok(Self {
                validator,
                description: description.map(|text| String::from(cut(text, MESSAGE_BYTES))),
            }),
            Err(error) => Err(format!("{}: {}", error.instance_path(), shown(&error))),
        }
    }

    /// # Errors
    /// [`Cause::Input`] with the path of the first thing that is wrong.
    pub(crate) fn check(&self, input: &Value) -> Result<(), Cause> {
        self.validator.validate(input).map_err(|error| {
            let path = error.instance_path().to_string();
            // Of the input as a whole the schema says it better than the rule that failed.
            let said = self.description.as_ref().filter(|_| path.is_empty());
            Cause::Input {
                message: said.map_or_else(|| shown(&error), |what| format!("expected {what}")),
                path: String::from(cut(&path, MESSAGE_BYTES)),
            }
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
