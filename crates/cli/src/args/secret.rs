//! Secrets on the command line.

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

/// A key: not empty, no white space. What it is made of, the server knows.
pub(super) fn key(text: &str) -> Result<Secret, String> {
    secret("key", text)
}

/// A token, of the same form.
pub(super) fn token(text: &str) -> Result<Secret, String> {
    secret("token", text)
}

fn secret(what: &str, text: &str) -> Result<Secret, String> {
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
    }
}
