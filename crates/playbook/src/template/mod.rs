//! Templates: `{{ … }}` in the values of a playbook.
//!
//! A string that is one reference keeps the type of its value; within other text, text stands as it is and
//! everything else as JSON. A reference is a path of names. It may go on with filters and tests of Jinja. All
//! else between double braces is literal text, as in the original.

mod engine;
mod references;
mod scan;
mod scope;
mod secrets;

use std::fmt;

use serde_json::{Map, Value};

pub(crate) use self::{
    engine::check_expression,
    references::{expression_references, roots_of},
    scan::{Piece, ROOTS, pieces},
    scope::{Referent, credential_refs},
    secrets::CredentialRef,
};
pub use self::{
    references::{Reference, references},
    scope::Scope,
    secrets::{NoSecrets, Secrets, credential_marker},
};

/// The longest text that rendering may give, in bytes.
const MAX_BYTES: usize = 4 << 20;

/// Why a value cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderProblem {
    /// What is wrong, with the reference; without the values of secrets.
    pub message: String,
    /// A credential that [`Secrets`] does not have: fetch it and render again.
    pub missing_credential: Option<String>,
}

impl RenderProblem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            missing_credential: None,
        }
    }

    /// With the reference that it comes from in front.
    fn at(mut self, template: &str) -> Self {
        self.message = format!("`{template}`: {}", self.message);
        self
    }
}

impl fmt::Display for RenderProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Renders all templates in a value; keys of maps stay as they are.
///
/// # Errors
/// A reference that leads nowhere, an expression that fails, or a result that is too long.
pub fn render(value: &Value, scope: &Scope<'_>) -> Result<Value, RenderProblem> {
    let mut room = MAX_BYTES;
    render_within(value, scope, &mut room)
}

/// Renders all values of a map.
pub(crate) fn render_map(
    map: &Map<String, Value>,
    scope: &Scope<'_>,
) -> Result<Map<String, Value>, RenderProblem> {
    let mut room = MAX_BYTES;
    let entries = map.iter();
    entries
        .map(|(key, value)| Ok((key.clone(), render_within(value, scope, &mut room)?)))
        .collect()
}

fn render_within(
    value: &Value,
    scope: &Scope<'_>,
    room: &mut usize,
) -> Result<Value, RenderProblem> {
    match value {
        Value::String(text) => render_string(text, scope, room),
        Value::Array(items) => {
            let items = items.iter();
            items.map(|item| render_within(item, scope, room)).collect()
        }
        Value::Object(map) => {
            let entries = map.iter();
            let rendered: Result<Map<String, Value>, RenderProblem> = entries
                .map(|(key, value)| Ok((key.clone(), render_within(value, scope, room)?)))
                .collect();
            rendered.map(Value::Object)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(value.clone()),
    }
}

fn render_string(text: &str, scope: &Scope<'_>, room: &mut usize) -> Result<Value, RenderProblem> {
    let pieces = pieces(text);
    if let [only @ (Piece::Reference(_) | Piece::Expression(_))] = pieces.as_slice() {
        let value = match found(only, scope)? {
            Referent::Value(value) => value.into_owned(),
            Referent::Credential(fields) => Value::Object(fields),
        };
        take(room, size(&value))?;
        return Ok(value);
    }
    let mut rendered = String::new();
    for piece in pieces {
        let before = rendered.len();
        match &piece {
            Piece::Text(text) => rendered.push_str(text),
            Piece::Reference(_) | Piece::Expression(_) => match found(&piece, scope)? {
                Referent::Value(value) => match value.as_ref() {
                    Value::String(text) => rendered.push_str(text),
                    other => rendered.push_str(&other.to_string()),
                },
                Referent::Credential(_) => {
                    let message = "a credential cannot stand within text: name one of its fields";
                    return Err(RenderProblem::new(message).at(&shown(&piece)));
                }
            },
        }
        take(room, rendered.len() - before)?;
    }
    Ok(Value::String(rendered))
}

fn found<'s>(piece: &Piece<'_>, scope: &'s Scope<'_>) -> Result<Referent<'s>, RenderProblem> {
    let found = match piece {
        Piece::Text(text) => Ok(Referent::Value(std::borrow::Cow::Owned((*text).into()))),
        Piece::Reference(names) => scope.find(names),
        Piece::Expression(expression) => engine::evaluate(expression, scope)
            .map(|value| Referent::Value(std::borrow::Cow::Owned(value))),
    };
    found.map_err(|problem| problem.at(&shown(piece)))
}

fn shown(piece: &Piece<'_>) -> String {
    match piece {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Reference(names) => format!("{{{{ {} }}}}", names.join(".")),
        Piece::Expression(expression) => format!("{{{{ {expression} }}}}"),
    }
}

/// Roughly how much memory a value takes.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(size).sum::<usize>() + items.len(),
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + size(value)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 8,
    }
}

fn take(room: &mut usize, bytes: usize) -> Result<(), RenderProblem> {
    *room = room.checked_sub(bytes).ok_or_else(|| {
        RenderProblem::new(format!(
            "the rendered value is longer than {MAX_BYTES} bytes"
        ))
    })?;
    Ok(())
}

/// Whether a condition holds: an expression as between the braces of a template, or with them.
///
/// # Errors
/// An expression that is none, or that fails.
pub fn evaluate(expression: &str, scope: &Scope<'_>) -> Result<bool, RenderProblem> {
    let value = engine::evaluate(engine::bare(expression), scope);
    value
        .map(|value| engine::is_true(&value))
        .map_err(|problem| problem.at(expression.trim()))
}

/// Renders a text of full Jinja, with loops and conditions.
///
/// # Errors
/// A text that is none, or that fails.
pub fn render_text(template: &str, scope: &Scope<'_>) -> Result<String, RenderProblem> {
    let text = engine::render(template, scope)?;
    take(&mut { MAX_BYTES }, text.len())?;
    Ok(text)
}
