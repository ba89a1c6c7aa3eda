//! Splits a locator at `>>`, but not within quotes, regular expressions and brackets.

/// The parts, without the space around them.
pub(super) fn split(text: &str) -> Result<Vec<&str>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    loop {
        let end = end_of_part(rest)?;
        parts.push(rest[..end].trim());
        match rest.get(end + 2..) {
            Some(next) => rest = next,
            None => return Ok(parts),
        }
    }
}

/// Where the first part ends: at `>>`, or at the end.
fn end_of_part(text: &str) -> Result<usize, String> {
    let quotes = Quotes::of(text);
    let mut open = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match open {
            _ if escaped => escaped = false,
            _ if c == '\\' => escaped = true,
            Some(quote) if c == quote => open = None,
            Some(_) => {}
            None if quotes.opens(at, c) => open = Some(c),
            None if text[at..].starts_with(">>") => return Ok(at),
            None => {}
        }
    }
    match open {
        Some(quote) => Err(format!("a {quote} is opened and not closed")),
        None => Ok(text.len()),
    }
}

/// Where quotes mean something: anywhere in CSS, XPath and roles; in a text only around all of it, so that
/// `text=Don't ask` is a text.
enum Quotes {
    Anywhere,
    OnlyAt(usize),
}

impl Quotes {
    fn of(part: &str) -> Self {
        let trimmed = part.trim_start();
        match super::engine(trimmed) {
            Some(("css" | "xpath" | "role" | "frame", _)) | None => Self::Anywhere,
            Some((_, body)) => Self::OnlyAt(part.len() - body.trim_start().len()),
        }
    }

    fn opens(&self, at: usize, c: char) -> bool {
        match self {
            Self::Anywhere => matches!(c, '"' | '\'' | '`'),
            Self::OnlyAt(start) => at == *start && matches!(c, '"' | '\'' | '/'),
        }
    }
}
