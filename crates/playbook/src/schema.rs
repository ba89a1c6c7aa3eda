//! A JSON Schema of the language, so that editors complete and check playbooks.

use serde_json::{Map, Value, json};

use crate::{OnFailure, ParameterKind, StepParameter, StepType, step_types};

/// The JSON Schema (2020-12) of playbooks, with every step type and its parameters.
#[must_use]
pub fn schema() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Playbook",
        "type": "object",
        "required": ["name", "version", "steps"],
        "properties": {
            "name": text("Its name for people."),
            "version": {"description": "Its version, in quotes.", "type": ["string", "number"]},
            "description": text("What it is for."),
            "domain": text("Such as gateway or perspective."),
            "group": text("The section of the list that it stands in."),
            "verified": {"description": "Whether its author verified it.", "type": "boolean"},
            "metadata": {"description": "Free form: author, tags and so on.", "type": "object"},
            "parameters": {
                "description": "What a caller gives.",
                "type": "array",
                "items": {"$ref": "#/$defs/parameter"},
            },
            "steps": {"description": "What is done, in order.", "$ref": "#/$defs/steps"},
            "finally": {"description": "What is done at the end, whatever happened.", "$ref": "#/$defs/steps"},
            "finally_timeout": seconds("How long all `finally` steps may take together.", 300),
            "outputs": {"description": "What it returns: name and template.", "type": "object"},
        },
        "$defs": {
            "parameter": parameter(),
            "steps": {"type": "array", "minItems": 1, "items": {"$ref": "#/$defs/step"}},
            "step": step(),
        },
    })
}

fn text(description: &str) -> Value {
    json!({"description": description, "type": "string"})
}

fn seconds(description: &str, default: u32) -> Value {
    let description = format!("{description} In seconds.");
    json!({"description": description, "type": "number", "minimum": 0, "default": default})
}

fn parameter() -> Value {
    let kinds: Vec<&str> = ParameterKind::ALL
        .iter()
        .map(|kind| kind.as_str())
        .collect();
    json!({
        "type": "object",
        "required": ["name", "type"],
        "properties": {
            "name": text("Its name in templates."),
            "type": {"description": "What its value is.", "enum": kinds},
            "required": {"description": "Whether a value must be given.", "type": "boolean", "default": true},
            "default": {"description": "The value when none is given."},
            "description": text("What it is for."),
            "enum": {"description": "The only values that are allowed.", "type": "array"},
            "min": {"description": "The least number, or the least length.", "type": "number"},
            "max": {"description": "The greatest number, or the greatest length.", "type": "number"},
            "pattern": text("A regular expression that the whole text has to match."),
        },
    })
}

fn step() -> Value {
    let types: Vec<Value> = step_types()
        .iter()
        .filter(|step_type| step_type.note.is_none())
        .map(|step_type| json!({"const": step_type.name, "description": step_type.description}))
        .chain(step_types().iter().filter_map(|step_type| {
            let note = step_type.note?;
            Some(json!({"const": step_type.name, "description": note, "deprecated": true}))
        }))
        .collect();
    let parameters: Vec<Value> = step_types()
        .iter()
        .map(|step_type| {
            json!({
                "if": {"properties": {"type": {"const": step_type.name}}, "required": ["type"]},
                "then": {"properties": {"parameters": step_parameters(step_type)}},
            })
        })
        .collect();
    let failures: Vec<&str> = OnFailure::ALL.iter().map(|word| word.as_str()).collect();
    json!({
        "type": "object",
        "required": ["id", "name"],
        "anyOf": [{"required": ["type"]}, {"required": ["steps"]}, {"required": ["parallel"]}],
        "properties": {
            "id": {
                "description": "Unique within the playbook: letters, digits and `_`, so that templates can \
                    refer to it.",
                "type": "string",
            },
            "name": text("Its name for people."),
            "type": {"description": "What it does.", "anyOf": [{"oneOf": types}, {"enum": ["group", "parallel"]}]},
            "parameters": {"description": "What the step type takes.", "type": "object"},
            "on_failure": {"description": "What its failure means.", "enum": failures, "default": "abort"},
            "timeout": seconds("The limit of one try.", 300),
            "retry_count": {"description": "Further tries after the first.", "type": "integer", "minimum": 0,
                "default": 0},
            "retry_delay": seconds("The pause between tries.", 5),
            "retry": retry(),
            "when": {"description": "An expression; the step is skipped when it is false.",
                "type": ["string", "boolean"]},
            "for_each": for_each(),
            "steps": {"description": "Steps that are done in order, as one step.", "$ref": "#/$defs/steps"},
            "parallel": {"description": "Steps that are done at once.", "$ref": "#/$defs/steps"},
            "register": text("The variable that gets its output."),
            "idempotent": {"description": "False when it must not begin again by itself after an interruption.",
                "type": "boolean", "default": true},
            "rollback": {"description": "What undoes it.", "$ref": "#/$defs/steps"},
        },
        "allOf": parameters,
    })
}

fn retry() -> Value {
    json!({
        "description": "How often it is tried.",
        "type": "object",
        "properties": {
            "count": {"description": "Further tries after the first.", "type": "integer", "minimum": 0},
            "delay": seconds("The pause before the second try.", 5),
            "backoff": {"description": "Each further pause is so many times the one before.",
                "type": "number", "minimum": 1, "default": 1},
            "max_delay": seconds("The longest pause.", 3600),
        },
    })
}

fn for_each() -> Value {
    json!({
        "description": "It is done once for each item of a list.",
        "anyOf": [
            {"type": ["array", "string"]},
            {
                "type": "object",
                "required": ["items"],
                "properties": {
                    "items": {"description": "A list, or a template that gives one.",
                        "type": ["array", "string", "object"]},
                    "as": text("What the item is called in templates, besides `item`."),
                    "concurrency": {"description": "How many items are worked on at once.",
                        "type": "integer", "minimum": 1, "default": 1},
                },
            },
        ],
    })
}

fn step_parameters(step_type: &StepType) -> Value {
    let properties = step_type.parameters.iter();
    let properties: Map<String, Value> = properties
        .map(|parameter| (parameter.name.to_owned(), step_parameter(parameter)))
        .collect();
    json!({"type": "object", "properties": properties})
}

fn step_parameter(parameter: &StepParameter) -> Value {
    let words = match parameter.kind {
        "integer" => Some("integer"),
        "float" => Some("number"),
        "boolean" => Some("boolean"),
        "list" => Some("array"),
        "dict" => Some("object"),
        "string" | "selector" | "file" | "template" => Some("string"),
        _ => None,
    };
    let unit = match parameter.unit {
        Some("ms") => " In milliseconds.",
        Some("s") => " In seconds.",
        _ => "",
    };
    let required = if parameter.required { " Required." } else { "" };
    let mut schema = Map::new();
    let description = format!("{}{unit}{required}", parameter.description);
    schema.insert("description".to_owned(), description.into());
    if let Some(default) = parameter.default_value() {
        schema.insert("default".to_owned(), default);
    }
    // A template can stand wherever a value can.
    if !parameter.options.is_empty() {
        let template = json!({"type": "string", "pattern": r"\{\{"});
        schema.insert(
            "anyOf".to_owned(),
            json!([{"enum": parameter.options}, template]),
        );
    } else if let Some(word) = words {
        let kinds = if word == "string" {
            json!(["string", "number", "boolean"])
        } else {
            json!([word, "string"])
        };
        schema.insert("type".to_owned(), kinds);
    }
    Value::Object(schema)
}
