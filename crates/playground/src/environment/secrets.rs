//! The token `$$secret(N)`: N hex characters that are generated once for a playground and kept.
//!
//! Secrets are kept by the key of their variable. Services that name the same key share its secret.

use std::collections::BTreeMap;

const START: &str = "$$secret(";

/// The most characters that one variable may ask for.
const LONGEST: usize = 4_096;

/// Hex characters that have to be generated for a variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SecretRequest {
    /// The variable.
    pub key: String,
    /// How many hex characters.
    pub length: usize,
}

/// Variables whose tokens were replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FilledVariables {
    /// All variables, without tokens.
    pub variables: BTreeMap<String, String>,
    /// Those that had one, sorted.
    pub generated: Vec<String>,
}

/// What has to be generated for variables with tokens. A kept secret serves as long as it is long enough.
///
/// # Errors
///
/// The variables with a token that is not valid, each with what is wrong.
pub fn secret_requests(
    variables: &BTreeMap<String, String>,
    kept: &BTreeMap<String, String>,
) -> Result<Vec<SecretRequest>, Vec<String>> {
    let mut requests = Vec::new();
    let mut wrong = Vec::new();
    for (key, value) in variables {
        match length(value) {
            Ok(0) => {}
            Ok(length) if kept.get(key).is_some_and(|secret| secret.len() >= length) => {}
            Ok(length) => requests.push(SecretRequest {
                key: key.clone(),
                length,
            }),
            Err(message) => wrong.push(format!("the variable `{key}`: {message}")),
        }
    }
    if wrong.is_empty() {
        Ok(requests)
    } else {
        Err(wrong)
    }
}

/// The variables with their secrets in the place of the tokens. Several tokens of one variable take one part of its secret after the other.
///
/// # Errors
///
/// The variables whose secret is missing or too short: see [`secret_requests`].
pub fn fill_secrets(
    variables: &BTreeMap<String, String>,
    kept: &BTreeMap<String, String>,
) -> Result<FilledVariables, Vec<String>> {
    let mut filled = variables.clone();
    let mut generated = Vec::new();
    let mut missing = Vec::new();
    for (key, value) in &mut filled {
        if !value.contains(START) {
            continue;
        }
        match fill(value, kept.get(key).map_or("", String::as_str)) {
            Some(text) => {
                *value = text;
                generated.push(key.clone());
            }
            None => missing.push(key.clone()),
        }
    }
    if missing.is_empty() {
        Ok(FilledVariables {
            variables: filled,
            generated,
        })
    } else {
        Err(missing)
    }
}

/// How many hex characters the tokens of a value want.
fn length(value: &str) -> Result<usize, String> {
    let mut length = 0;
    let mut rest = value;
    while let Some((_, after)) = rest.split_once(START) {
        let (count, after) = token(after).ok_or_else(|| {
            format!("expected `$$secret(N)` with a number from 1 to {LONGEST}, got `{value}`")
        })?;
        length += count;
        rest = after;
    }
    if length > LONGEST {
        return Err(format!(
            "it asks for {length} characters; at most {LONGEST} are possible"
        ));
    }
    Ok(length)
}

/// The number of a token and what follows it.
fn token(text: &str) -> Option<(usize, &str)> {
    let (number, after) = text.split_once(')')?;
    let count = number.trim().parse().ok()?;
    (1..=LONGEST).contains(&count).then_some((count, after))
}

fn fill(value: &str, secret: &str) -> Option<String> {
    let mut filled = String::new();
    let mut rest = value;
    let mut unused = secret;
    while let Some((before, after)) = rest.split_once(START) {
        let (count, after) = token(after)?;
        let part = unused.get(..count)?;
        filled.push_str(before);
        filled.push_str(part);
        unused = &unused[count..];
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}
