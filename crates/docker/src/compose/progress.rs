//! What the Compose tool says while it works.

use serde::Deserialize;

/// Something that the Compose tool said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ComposeProgress {
    /// A container, network, volume or image is in a new state.
    Step {
        /// Which, as the tool names it: `Container pg-1-web-1`.
        id: String,
        /// Its state, such as `Creating`, `Started` or `Healthy`.
        status: String,
        /// More about it, often empty.
        text: String,
        /// How much of it is done, in percent, where the tool knows.
        percent: Option<u8>,
    },
    /// Any other line: a warning, an error, a line of a build.
    Line(String),
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    id: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    text: String,
    percent: Option<i64>,
    level: Option<String>,
    #[serde(alias = "message")]
    msg: Option<String>,
}

impl ComposeProgress {
    /// Reads a line of the tool's standard error.
    pub(super) fn read(line: &str) -> Self {
        let line = line.trim_end();
        let Ok(said) = serde_json::from_str::<Said>(line) else {
            return Self::Line(line.to_owned());
        };
        if let Some(message) = said.msg {
            let level = said.level.filter(|level| level != "error");
            let level = level.map(|level| format!("{level}: ")).unwrap_or_default();
            return Self::Line(format!("{level}{}", message.trim_end()));
        }
        if said.id.is_empty() {
            return Self::Line(line.to_owned());
        }
        Self::Step {
            id: said.id,
            status: said.status,
            text: said.text,
            percent: said.percent.and_then(|percent| u8::try_from(percent).ok()),
        }
    }

    /// As one line of text.
    #[must_use]
    pub fn line(&self) -> String {
        match self {
            Self::Step {
                id, status, text, ..
            } if text.is_empty() => format!("{id} {status}"),
            Self::Step {
                id, status, text, ..
            } => format!("{id} {status} {text}"),
            Self::Line(line) => line.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_messages_and_plain_lines_are_told_apart() {
        let step = ComposeProgress::read(r#"{"id":"Container x-web-1","status":"Started"}"#);
        assert_eq!(step.line(), "Container x-web-1 Started");
        let read = |line: &str| ComposeProgress::read(line).line();
        assert_eq!(
            read(r#"{"level":"warning","msg":"careful","time":"now"}"#),
            "warning: careful"
        );
        assert_eq!(
            read(r#"{"error":true,"message":"no such image"}"#),
            "no such image"
        );
        assert_eq!(
            read("Error response from daemon: x\n"),
            "Error response from daemon: x"
        );
        assert_eq!(read(r#"{"other":1}"#), r#"{"other":1}"#);
    }
}
