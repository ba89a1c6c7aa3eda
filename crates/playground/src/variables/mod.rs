//! Variable references of a Compose text: which have no value, and what a text becomes with their values.

mod parse;
mod text;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use serde::{Deserialize, Serialize};

use parse::{Piece, Rule};
pub(crate) use text::{each_text, mistakes};
pub use text::{missing, names};

/// A variable that has neither a value nor a default: the deploy is refused.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MissingVariable {
    /// Its name.
    pub name: String,
    /// The service in which it stands; `None` outside of services.
    pub service: Option<String>,
    /// The line of the value in which it stands, from 1; `None` when it is not known.
    pub line: Option<u32>,
    /// What the author wrote after `?`.
    pub message: Option<String>,
}

impl fmt::Display for MissingVariable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the variable `{}` has no value", self.name)?;
        if let Some(service) = &self.service {
            write!(f, " (service `{service}`")?;
            match self.line {
                Some(line) => write!(f, ", line {line})")?,
                None => f.write_str(")")?,
            }
        } else if let Some(line) = self.line {
            write!(f, " (line {line})")?;
        }
        if let Some(message) = self.message.as_ref().filter(|message| !message.is_empty()) {
            write!(f, ": {message}")?;
        }
        f.write_str("; set it in the environment, or give it a default as in `${NAME:-value}`")
    }
}

/// Why a text has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableError {
    /// The text is not valid; a message for its author.
    Syntax(String),
    /// Variables without a value and without a default: name, and what the author wrote after `?`.
    Missing(Vec<(String, Option<String>)>),
}

/// The text with the values of its variables.
///
/// # Errors
///
/// The text is not valid, or variables are missing.
pub fn render(text: &str, values: &BTreeMap<String, String>) -> Result<String, VariableError> {
    let pieces = parse::parse(text).map_err(VariableError::Syntax)?;
    let mut missing = Vec::new();
    let rendered = render_pieces(&pieces, values, &mut missing);
    if missing.is_empty() {
        Ok(rendered)
    } else {
        Err(VariableError::Missing(missing))
    }
}

fn render_pieces(
    pieces: &[Piece],
    values: &BTreeMap<String, String>,
    missing: &mut Vec<(String, Option<String>)>,
) -> String {
    let mut rendered = String::new();
    for piece in pieces {
        let (name, rule, empty_too) = match piece {
            Piece::Literal(text) => {
                rendered.push_str(text);
                continue;
            }
            Piece::Variable {
                name,
                rule,
                empty_too,
            } => (name, rule, *empty_too),
        };
        let value = values
            .get(name)
            .filter(|value| !(empty_too && value.is_empty()));
        let used = matches!(
            (rule, value),
            (Rule::Alternative(_), Some(_)) | (Rule::Default(_), None)
        );
        let mut inside = Vec::new();
        let inner = render_pieces(rule.inner(), values, &mut inside);
        // The compose tool also looks at parts that are not used, and refuses what is missing there with `?`.
        inside.retain(|(_, message)| used || message.is_some());
        missing.extend(inside);
        match (rule, value) {
            _ if used => rendered.push_str(&inner),
            (_, Some(value)) => rendered.push_str(value),
            (Rule::Plain, None) => missing.push((name.clone(), None)),
            (Rule::Required(_), None) => missing.push((name.clone(), Some(inner))),
            (Rule::Default(_) | Rule::Alternative(_), None) => {}
        }
    }
    rendered
}

/// All names that a text refers to, also in defaults.
fn names_of(pieces: &[Piece], names: &mut BTreeSet<String>) {
    for piece in pieces {
        if let Piece::Variable { name, rule, .. } = piece {
            names.insert(name.clone());
            names_of(rule.inner(), names);
        }
    }
}

/// The text with every dollar sign doubled, so that the compose tool takes it literally.
#[must_use]
pub fn escape(text: &str) -> String {
    text.replace('$', "$$")
}

/// The text with doubled dollar signs made single again: the value behind one that the compose tool normalised.
#[must_use]
pub fn unescape(text: &str) -> String {
    text.replace("$$", "$")
}
