//! Which variables are secret by their name, and what is shown in the place of their values.

use std::collections::BTreeSet;

/// What is shown in the place of a value that the caller may not see.
pub const MASK: &str = "********";

const PARTS: [&str; 4] = ["PASSWORD", "SECRET", "TOKEN", "KEY"];

/// True for names with `PASSWORD`, `SECRET`, `TOKEN` or `KEY` in them, in any case.
#[must_use]
pub fn is_sensitive(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    PARTS.iter().any(|part| name.contains(part))
}

/// Shorter values are not looked for in texts: they would be found by chance.
const SHORTEST: usize = 6;

/// The text with the mask in the place of every secret value that stands in it.
#[must_use]
pub fn mask(text: &str, secrets: &BTreeSet<String>) -> String {
    let mut secrets: Vec<&String> = secrets.iter().filter(|s| s.len() >= SHORTEST).collect();
    // A secret may be a part of a longer one.
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    let hide = |text: String, secret: &&String| text.replace(secret.as_str(), MASK);
    secrets.iter().fold(text.to_owned(), hide)
}
