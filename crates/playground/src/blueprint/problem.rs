//! What is wrong with a Compose text, and where.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A place in a text: both numbers count from 1; 0 is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TextPosition {
    /// The line.
    pub line: u32,
    /// The column in characters.
    pub column: u32,
}

/// What is wrong with a Compose text, and where.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct BlueprintProblem {
    /// Where it stands.
    #[serde(flatten)]
    pub at: TextPosition,
    /// The service that it is about.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<String>,
    /// The text is usable all the same.
    pub warning: bool,
    /// What is wrong and what to do.
    pub message: String,
}

impl BlueprintProblem {
    pub(crate) fn error(at: TextPosition, message: impl Into<String>) -> Self {
        Self {
            at,
            service: None,
            warning: false,
            message: message.into(),
        }
    }

    pub(crate) fn warning(at: TextPosition, message: impl Into<String>) -> Self {
        Self {
            warning: true,
            ..Self::error(at, message)
        }
    }

    pub(crate) fn of(self, service: &str) -> Self {
        Self {
            service: Some(service.to_owned()),
            ..self
        }
    }
}

/// `12:5: service "web": message`, with as much of it as is known.
impl fmt::Display for BlueprintProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.at.line > 0 {
            write!(f, "{}:{}: ", self.at.line, self.at.column)?;
        }
        if let Some(service) = &self.service {
            write!(f, "service `{service}`: ")?;
        }
        f.write_str(&self.message)
    }
}
