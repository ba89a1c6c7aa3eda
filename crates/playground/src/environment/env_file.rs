//! The text of a `.env` or `.env.example` file: `KEY=value` lines with quotes, comments and `export`.

use std::{collections::BTreeMap, fmt};

/// The variables of a file; of two equal keys the last counts.
pub type EnvFile = BTreeMap<String, String>;

/// A line that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvFileProblem {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for EnvFileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

/// Reads a file of variables. Values are literal: `$` has no meaning but in the token `$$secret(N)`, which stays
/// in the value for [`super::fill_secrets`].
///
/// # Errors
///
/// All lines that are not valid.
pub fn parse_env_file(text: &str) -> Result<EnvFile, Vec<EnvFileProblem>> {
    let mut reader = EnvFileReader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        line: 1,
    };
    let mut file = EnvFile::new();
    let mut problems = Vec::new();
    while !reader.rest.is_empty() {
        let line = reader.line;
        match reader.entry() {
            Ok(Some((key, value))) => {
                file.insert(key, value);
            }
            Ok(None) => {}
            Err(message) => {
                problems.push(EnvFileProblem { line, message });
            }
        }
    }
    if problems.is_empty() {
        Ok(file)
    } else {
        Err(problems)
    }
}

struct EnvFileReader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> EnvFileReader<'a> {
    /// Takes the rest of the line, without its end.
    fn take_line(&mut self) -> &'a str {
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        self.rest = rest;
        self.line += 1;
        line.trim_end_matches('\r')
    }

    fn entry(&mut self) -> Result<Option<(String, String)>, String> {
        let line = self.rest.split('\n').next().unwrap_or_default();
        let trimmed = line.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            self.take_line();
            return Ok(None);
        }
        let Some((key, _)) = line.split_once('=') else {
            self.take_line();
            // A bare name passes a variable of the caller's environment on; there is none here.
            return if is_name(trimmed) {
                Ok(None)
            } else {
                Err("expected `KEY=value`".to_owned())
            };
        };
        let bare = key.trim();
        let bare = bare.strip_prefix("export ").unwrap_or(bare).trim();
        if !is_name(bare) {
            self.take_line();
            return Err(format!(
                "`{bare}` is not a name: use letters, digits, `_`, `.` and `-`"
            ));
        }
        self.rest = self.rest[key.len() + 1..].trim_start_matches([' ', '\t']);
        let value = self.value()?;
        Ok(Some((bare.to_owned(), value)))
    }

    fn value(&mut self) -> Result<String, String> {
        let quote = self.rest.chars().next().filter(|c| matches!(c, '"' | '\''));
        let Some(quote) = quote else {
            return Ok(unquoted(self.take_line()).to_owned());
        };
        let Some((value, length)) = quoted(&self.rest[1..], quote) else {
            self.take_line();
            return Err(format!("the quote {quote} is not closed"));
        };
        let inside = &self.rest[1..=length];
        self.line += inside.matches('\n').count();
        self.rest = &self.rest[length + 2..];
        let after = self.take_line().trim();
        if after.is_empty() || after.starts_with('#') {
            Ok(value)
        } else {
            Err("there is text after the closing quote".to_owned())
        }
    }
}

/// An unquoted value ends at a `#` after white space.
fn unquoted(text: &str) -> &str {
    let comment = text
        .match_indices('#')
        .map(|(at, _)| at)
        .find(|at| text[..*at].ends_with([' ', '\t']) || *at == 0);
    comment.map_or(text, |at| &text[..at]).trim()
}

/// The value up to the closing quote, and its length in the text. Only double quotes know escapes.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            c if c == quote => return Some((value, at)),
            '\\' if quote == '"' => match chars.next()?.1 {
                'n' => value.push('\n'),
                'r' => value.push('\r'),
                't' => value.push('\t'),
                c @ ('"' | '\\' | '$') => value.push(c),
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

fn is_name(text: &str) -> bool {
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
    text.starts_with(starts) && text.chars().all(goes_on)
}
