//! Secrets on the command line, and what is left out of messages because of them.

use std::{convert::Infallible, ffi::OsString, ops::Range};

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::exit::Failure;

/// A text that is not printed.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// The text, if it can be a key or a token: not empty, no white space. What it is made of, the server
    /// knows. `from` says where it comes from.
    pub(crate) fn one_word(&self, from: &str) -> Result<&str, Failure> {
        match self.0.as_str() {
            "" => Err(Failure::usage(format!("{from} is empty"))),
            text if text.contains(char::is_whitespace) => Err(Failure::usage(format!(
                "{from} has white space in it, which no key and no token has"
            ))),
            text => Ok(text),
        }
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// Takes any text, without the white space around it, such as the line end of a file. It never fails: the
/// reader of the command line would print the text with the failure.
#[expect(clippy::unnecessary_wraps, reason = "it is a value parser")]
pub(super) fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret(text.trim().to_owned()))
}

/// The same for a text that is not a secret as a whole, such as a URL with a password.
#[expect(clippy::unnecessary_wraps, reason = "it is a value parser")]
pub(super) fn trimmed(text: &str) -> Result<String, Infallible> {
    Ok(text.trim().to_owned())
}

/// The flags whose values are secret.
const SECRET_FLAGS: [&str; 4] = ["--key", "--join", "--vault-key", "--database-url"];
/// What keys and tokens begin with.
const WORDS: [&str; 4] = ["itk_", "join_", "operator_", "setup_"];
/// Stands in the place of what is left out.
const OMITTED: &str = "…";

/// Takes what may be secret out of an error of the command line; `argv` is what was typed. True when there was
/// something.
pub(crate) fn conceal(error: &mut clap::Error, argv: &[OsString]) -> bool {
    let named = error
        .get(ContextKind::InvalidArg)
        .is_some_and(|arg| has_secret_values(&arg.to_string()));
    let variable = error
        .get(ContextKind::InvalidArg)
        .is_some_and(|arg| arg.to_string().starts_with("--env "));
    // An argument that the command line does not know may be the rest of a secret whose white space was not
    // quoted, or one that was typed in the wrong place.
    let misplaced = match error.kind() {
        ErrorKind::UnknownArgument => Some(ContextKind::InvalidArg),
        ErrorKind::InvalidSubcommand => Some(ContextKind::InvalidSubcommand),
        _ => None,
    };
    let follows_secret = argv.iter().any(|arg| {
        let arg = arg.to_string_lossy();
        let flag = arg.split('=').next().unwrap_or_default();
        SECRET_FLAGS.contains(&flag)
    });
    let mut concealed = false;
    let kinds = [
        (ContextKind::InvalidValue, named),
        (
            ContextKind::InvalidArg,
            follows_secret && misplaced == Some(ContextKind::InvalidArg),
        ),
        (
            ContextKind::InvalidSubcommand,
            follows_secret && misplaced == Some(ContextKind::InvalidSubcommand),
        ),
    ];
    for (kind, whole) in kinds {
        let Some(ContextValue::String(text)) = error.get(kind) else {
            continue;
        };
        let is_flag = SECRET_FLAGS.iter().any(|flag| text.starts_with(flag));
        // A name alone says which variable of the caller's own is meant.
        let is_name = kind == ContextKind::InvalidValue && variable && !text.contains('=');
        let shown = match whole && !is_flag && !is_name && !text.is_empty() {
            true => OMITTED.to_owned(),
            false => without_secrets(text),
        };
        if shown != *text {
            error.insert(kind, ContextValue::String(shown));
            // Its suggestions and tips repeat the text.
            for more in [
                ContextKind::Suggested,
                ContextKind::SuggestedArg,
                ContextKind::SuggestedSubcommand,
            ] {
                error.remove(more);
            }
            concealed = true;
        }
    }
    concealed
}

/// Whether an argument's values may be secret: variables and parameters are, labels are not.
fn has_secret_values(arg: &str) -> bool {
    let flag = arg.split([' ', '=']).next().unwrap_or_default();
    SECRET_FLAGS.contains(&flag) || matches!(flag, "--env" | "--parameter" | "--var")
}

/// A text without the keys and tokens, and without the names and passwords of URLs, that stand in it.
pub(crate) fn without_secrets(text: &str) -> String {
    without(text, |rest| {
        let found = [next_word(rest), next_login(rest)].into_iter().flatten();
        found.min_by_key(|range| range.start)
    })
}

/// A text without the names and passwords of URLs that stand in it.
pub(crate) fn without_logins(text: &str) -> String {
    without(text, next_login)
}

fn without(text: &str, next: impl Fn(&str) -> Option<Range<usize>>) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = next(rest) {
        shown.push_str(&rest[..found.start]);
        shown.push_str(OMITTED);
        rest = &rest[found.end..];
    }
    shown.push_str(rest);
    shown
}

/// Where the secret part of the first key or token stands.
fn next_word(text: &str) -> Option<Range<usize>> {
    let found = WORDS.iter().flat_map(|word| {
        text.match_indices(word).filter_map(|(place, word)| {
            let start = place + word.len();
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = text[start..].find(|c| !is_part(c));
            let end = length.map_or(text.len(), |length| start + length);
            // Shorter ones are names.
            (end - start >= 16).then_some(start..end)
        })
    });
    found.min_by_key(|range| range.start)
}

/// Where the name and password of the first URL that has them stand.
fn next_login(text: &str) -> Option<Range<usize>> {
    text.match_indices("://").find_map(|(place, mark)| {
        let start = place + mark.len();
        let ends = |c: char| c.is_whitespace() || "/?#`'\"".contains(c);
        let authority = text[start..].split(ends).next()?;
        let end = start + authority.rfind('@')?;
        (&text[start..end] != OMITTED).then_some(start..end)
    })
}

#[cfg(test)]
mod tests {
    use super::{secret, without_secrets};

    #[test]
    fn a_key_is_one_word() {
        let checked = |text| {
            let Ok(secret) = secret(text);
            secret
                .one_word("it")
                .map(str::to_owned)
                .map_err(|why| why.text())
        };
        assert_eq!(checked(" itk_1\r\n"), Ok("itk_1".to_owned()));
        assert!(checked("\n").is_err_and(|why| why.contains("it is empty")));
        assert!(checked("a b").is_err_and(|why| !why.contains("a b")));
    }

    #[test]
    fn keys_tokens_and_passwords_are_left_out_and_nothing_else() {
        let key = format!("itk_0123456789ab_{}", "5".repeat(40));
        for (text, shown) in [
            (format!("`{key}` and {key}."), "`itk_…` and itk_…."),
            (
                "postgres://u:p@ss@h:1/d?x=a@b".to_owned(),
                "postgres://…@h:1/d?x=a@b",
            ),
            (
                "http://h/a@b, https://t@h".to_owned(),
                "http://h/a@b, https://…@h",
            ),
            ("join_me and setup_1".to_owned(), "join_me and setup_1"),
        ] {
            assert_eq!(without_secrets(&text), shown);
        }
    }
}
