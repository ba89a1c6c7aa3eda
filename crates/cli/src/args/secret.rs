//! Secrets on the command line.

use clap::error::{ContextKind, ContextValue};

/// A text that is not printed.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

/// The variables whose values are secret, and the flags that stand for them.
pub(crate) const VARIABLES: [&str; 4] = [
    "PLAYHOUSE_DATABASE_URL",
    "PLAYHOUSE_JOIN",
    "PLAYHOUSE_KEY",
    "PLAYHOUSE_VAULT_KEY",
];

/// Takes the value of a secret flag out of what is said of it, whatever is wrong with it.
pub(crate) fn hide(error: &mut clap::Error) {
    let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg) else {
        return;
    };
    let flag = flag.split(' ').next().unwrap_or_default().to_owned();
    let is_secret = VARIABLES.iter().any(|variable| {
        let name = variable
            .trim_start_matches("PLAYHOUSE_")
            .to_ascii_lowercase();
        flag == format!("--{}", name.replace('_', "-"))
    });
    if is_secret && error.get(ContextKind::InvalidValue).is_some() {
        let hidden = ContextValue::String("***".to_owned());
        error.insert(ContextKind::InvalidValue, hidden);
    }
}

/// A key: not empty, no white space. What it is made of, the server knows.
pub(super) fn key(text: &str) -> Result<Secret, String> {
    secret("key", text)
}

/// A token, of the same form.
pub(super) fn token(text: &str) -> Result<Secret, String> {
    secret("token", text)
}

fn secret(what: &str, text: &str) -> Result<Secret, String> {
    // A file or a variable often ends with a line end.
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_whitespace) {
        return Err(format!("a {what} is not empty and has no white space"));
    }
    Ok(Secret(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::key;

    #[test]
    fn a_key_is_one_word() {
        assert!(key("itk_1").is_ok() && key("").is_err() && key("a b").is_err());
        assert_eq!(key(" itk_1\r\n").expect("a key").reveal(), "itk_1");
    }
}
