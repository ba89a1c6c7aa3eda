//! Locators: how a caller names elements of a page. They are read here, and resolved by the page's script.
//!
//! A locator is a chain of parts joined by `>>`; each part searches within what the part before it has
//! matched. A part is `engine=body`, or a CSS selector, an XPath that begins with `//`, or a quoted text.
//! `frame=CSS` steps into the frame that the CSS selector matches.

mod chain;
mod pattern;
mod role;

use std::{fmt, str::FromStr};

use serde::Serialize;

use chain::split;
use pattern::TextPattern;
use role::RoleQuery;

/// A locator that was read and can be resolved in a page.
#[derive(Clone, Debug, PartialEq)]
pub struct Locator {
    text: String,
    /// The chains up to each frame that is stepped into; each has to match one frame's element.
    frames: Vec<Vec<LocatorPart>>,
    /// The chain in the last frame.
    parts: Vec<LocatorPart>,
    /// What leads to the last frame, as it was written, with `>>` behind it.
    prefix: String,
}

/// Why a locator cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the locator `{locator}` cannot be read: {reason}")]
pub struct LocatorError {
    /// The whole locator.
    pub locator: String,
    /// What is wrong with it.
    pub reason: String,
}

/// One part of the chain, in the form that the page's script takes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "engine", rename_all = "kebab-case")]
enum LocatorPart {
    Css {
        selector: String,
    },
    Xpath {
        expression: String,
    },
    Text {
        pattern: TextPattern,
    },
    HasText {
        pattern: TextPattern,
    },
    Label {
        pattern: TextPattern,
    },
    Attribute {
        name: &'static str,
        pattern: TextPattern,
    },
    Role(RoleQuery),
    Nth {
        index: i64,
    },
    Visible {
        visible: bool,
    },
    Frame {
        selector: String,
    },
}

/// Engines that compare one attribute with the whole body, and the attribute's name.
const EXACT_ATTRIBUTES: [(&str, &str); 5] = [
    ("data-testid", "data-testid"),
    ("testid", "data-testid"),
    ("data-test-id", "data-test-id"),
    ("data-test", "data-test"),
    ("id", "id"),
];

/// Engines that search a text in one attribute, and the attribute's name.
const SEARCHED_ATTRIBUTES: [(&str, &str); 3] = [
    ("placeholder", "placeholder"),
    ("alt", "alt"),
    ("title", "title"),
];

/// All engines, for messages.
const ENGINES: &str = "css, text, role, label, placeholder, testid, data-testid, alt, title, id, xpath, nth, visible, \
    has-text, frame";

impl Locator {
    /// The text that it was read from.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// A locator within the same frame as this one's element, from one of the frame's own.
    pub(crate) fn beside(&self, own: &str) -> String {
        format!("{}{own}", self.prefix)
    }

    /// The chains that lead to the frames on the way, in the form of the page's script.
    pub(crate) fn frames(&self) -> impl Iterator<Item = serde_json::Value> {
        self.frames.iter().map(|chain| to_json(chain))
    }

    /// The chain within the last frame, in the form of the page's script.
    pub(crate) fn parts(&self) -> serde_json::Value {
        to_json(&self.parts)
    }
}

fn to_json(chain: &[LocatorPart]) -> serde_json::Value {
    // Strings, numbers and booleans always have a JSON form.
    serde_json::to_value(chain).unwrap_or_default()
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Locator {
    type Err = LocatorError;

    fn from_str(text: &str) -> Result<Self, LocatorError> {
        let failed = |reason: String| LocatorError {
            locator: String::from(text),
            reason,
        };
        let mut frames = Vec::new();
        let mut parts = Vec::new();
        let (mut written, mut prefix) = (String::new(), String::new());
        for part in split(text).map_err(failed)? {
            written.push_str(part);
            written.push_str(" >> ");
            let part = LocatorPart::read(part).map_err(failed)?;
            let enters = matches!(part, LocatorPart::Frame { .. });
            if let LocatorPart::Nth { .. } | LocatorPart::Visible { .. } = part
                && parts.is_empty()
            {
                let reason = "`nth=` and `visible=` filter what stands before them";
                return Err(failed(String::from(reason)));
            }
            parts.push(part);
            if enters {
                frames.push(std::mem::take(&mut parts));
                prefix.clone_from(&written);
            }
        }
        if parts.is_empty() {
            let reason = "it ends with a frame: add what to find in the frame, or `css=iframe` for its element";
            return Err(failed(String::from(reason)));
        }
        Ok(Self {
            text: String::from(text.trim()),
            frames,
            parts,
            prefix,
        })
    }
}

impl LocatorPart {
    fn read(part: &str) -> Result<Self, String> {
        if part.is_empty() {
            return Err(String::from(
                "it is empty, or has an empty part beside `>>`",
            ));
        }
        if is_quoted(part) {
            let pattern = TextPattern::read(part)?;
            return Ok(Self::Text { pattern });
        }
        if part.starts_with("//") || part.starts_with("(//") || part.starts_with("..") {
            let expression = String::from(part);
            return Ok(Self::Xpath { expression });
        }
        match engine(part) {
            Some((engine, body)) => Self::with_engine(engine, body.trim()),
            None => Ok(Self::Css {
                selector: String::from(part),
            }),
        }
    }

    fn with_engine(engine: &str, body: &str) -> Result<Self, String> {
        let own = String::from(body);
        if body.is_empty() {
            return Err(format!("`{engine}=` has no body"));
        }
        let attribute = |table: &[(&str, &'static str)]| {
            let mut entries = table.iter();
            entries.find_map(|(known, name)| (*known == engine).then_some(*name))
        };
        if let Some(name) = attribute(&EXACT_ATTRIBUTES) {
            let pattern = TextPattern::exact(body)?;
            return Ok(Self::Attribute { name, pattern });
        }
        if let Some(name) = attribute(&SEARCHED_ATTRIBUTES) {
            let pattern = TextPattern::read(body)?;
            return Ok(Self::Attribute { name, pattern });
        }
        Ok(match engine {
            "css" => Self::Css { selector: own },
            "xpath" => Self::Xpath { expression: own },
            "frame" => Self::Frame { selector: own },
            "text" => Self::Text {
                pattern: TextPattern::read(body)?,
            },
            "has-text" => Self::HasText {
                pattern: TextPattern::read(body)?,
            },
            "label" => Self::Label {
                pattern: TextPattern::read(body)?,
            },
            "role" => Self::Role(RoleQuery::read(body)?),
            "nth" => Self::Nth {
                index: body
                    .parse()
                    .map_err(|_| format!("`nth={body}` needs a whole number"))?,
            },
            "visible" => Self::Visible {
                visible: body
                    .parse()
                    .map_err(|_| format!("`visible={body}` is `true` or `false`"))?,
            },
            _ => {
                return Err(format!(
                    "the engine `{engine}` does not exist; there are {ENGINES}"
                ));
            }
        })
    }
}

fn is_quoted(part: &str) -> bool {
    let quoted = |quote: char| part.len() > 1 && part.starts_with(quote) && part.ends_with(quote);
    quoted('"') || quoted('\'')
}

/// The name before the first `=`, if it can be one: a CSS selector has a bracket or a space before it.
fn engine(part: &str) -> Option<(&str, &str)> {
    let (engine, body) = part.split_once('=')?;
    let named = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let is_name = !engine.is_empty() && engine.chars().all(named);
    is_name.then_some((engine, body))
}

#[cfg(test)]
mod tests;
