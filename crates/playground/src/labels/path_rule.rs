//! Path rules in the syntax of Traefik: `Path`, `PathPrefix` and `PathRegexp`, joined by `||`.

use std::fmt;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::suggest::did_you_mean;

const MATCHERS: [&str; 3] = ["Path", "PathPrefix", "PathRegexp"];

/// One matcher of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathMatch {
    /// The whole path.
    Path(String),
    /// The start of the path.
    PathPrefix(String),
    /// A regular expression that finds something in the path.
    PathRegexp(String),
}

/// A path is served when any matcher matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PathRule {
    /// At least one matcher.
    pub any: Vec<PathMatch>,
}

impl PathRule {
    /// Reads a rule such as ``PathPrefix(`/api`) || Path(`/`)``.
    ///
    /// # Errors
    ///
    /// A message for the author: an unknown or forbidden matcher, `&&`, `!`, a path without `/`, an expression that
    /// is not valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut any = Vec::new();
        let mut rest = text.trim();
        loop {
            let (matchers, after) = matcher(rest)?;
            any.extend(matchers);
            rest = after.trim_start();
            if rest.is_empty() {
                return Ok(Self { any });
            }
            rest = rest
                .strip_prefix("||")
                .ok_or_else(|| {
                    format!("expected `||` or the end at `{rest}`; `&&` and `!` are not supported")
                })?
                .trim_start();
        }
    }
}

/// Reads one matcher with its arguments in backquotes or quotes, and what follows it.
fn matcher(text: &str) -> Result<(Vec<PathMatch>, &str), String> {
    let letters = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (name, rest) = text.split_at(letters);
    let known = MATCHERS
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name));
    let Some(known) = known else {
        let hint = did_you_mean(name, MATCHERS);
        return Err(format!(
            "only Path, PathPrefix and PathRegexp may stand in a path rule, got `{name}`{hint}"
        ));
    };
    let mut rest = rest
        .strip_prefix('(')
        .ok_or_else(|| format!("expected `(` after `{known}`"))?;
    let mut found = Vec::new();
    loop {
        let (argument, after) = argument(rest.trim_start(), known)?;
        found.push(build(known, argument)?);
        rest = after.trim_start();
        if let Some(after) = rest.strip_prefix(')') {
            return Ok((found, after));
        }
        rest = rest
            .strip_prefix(',')
            .ok_or_else(|| format!("expected `)` after the argument of `{known}`"))?;
    }
}

fn argument<'a>(text: &'a str, matcher: &str) -> Result<(&'a str, &'a str), String> {
    let quote = text
        .chars()
        .next()
        .filter(|c| matches!(c, '`' | '"' | '\''));
    quote
        .and_then(|quote| text[1..].split_once(quote))
        .ok_or_else(|| format!("expected an argument in backquotes, such as `{matcher}(`/api`)`"))
}

fn build(matcher: &str, argument: &str) -> Result<PathMatch, String> {
    if matcher == "PathRegexp" {
        Regex::new(argument)
            .map_err(|error| format!("the expression `{argument}` is not valid: {error}"))?;
        return Ok(PathMatch::PathRegexp(argument.to_owned()));
    }
    if !argument.starts_with('/') {
        return Err(format!("the path `{argument}` must start with `/`"));
    }
    let path = argument.to_owned();
    Ok(if matcher == "Path" {
        PathMatch::Path(path)
    } else {
        PathMatch::PathPrefix(path)
    })
}

impl fmt::Display for PathMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => write!(f, "Path(`{path}`)"),
            Self::PathPrefix(path) => write!(f, "PathPrefix(`{path}`)"),
            Self::PathRegexp(path) => write!(f, "PathRegexp(`{path}`)"),
        }
    }
}

impl fmt::Display for PathRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, one) in self.any.iter().enumerate() {
            let joint = if number == 0 { "" } else { " || " };
            write!(f, "{joint}{one}")?;
        }
        Ok(())
    }
}
