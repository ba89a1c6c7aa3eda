//! What a text is compared with: a part of it, all of it, or a regular expression.

use serde::Serialize;

/// How a text of the page is compared. White space counts as one blank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub(super) enum TextPattern {
    /// The text contains it; capitals do not count.
    Contains { text: String },
    /// The text is it.
    Exact { text: String },
    /// The regular expression of JavaScript matches somewhere in the text.
    Regex { source: String, flags: String },
}

impl TextPattern {
    /// `"quoted"` is exact, `/…/i` a regular expression, and anything else a part of the text.
    pub(super) fn read(body: &str) -> Result<Self, String> {
        if body.starts_with(['"', '\'']) {
            let (text, rest) = quoted(body)?;
            return match rest.trim() {
                "" | "s" => Ok(Self::Exact { text }),
                "i" => Ok(Self::Contains { text }),
                rest => Err(format!("`{rest}` stands behind the quoted text")),
            };
        }
        match regex(body) {
            Some(regex) => regex,
            None => Ok(Self::Contains {
                text: String::from(body),
            }),
        }
    }

    /// The whole body, in quotes or not, is the text.
    pub(super) fn exact(body: &str) -> Result<Self, String> {
        if body.starts_with(['"', '\'']) {
            let (text, rest) = quoted(body)?;
            if rest.trim().is_empty() {
                return Ok(Self::Exact { text });
            }
        }
        match regex(body) {
            Some(regex) => regex,
            None => Ok(Self::Exact {
                text: String::from(body),
            }),
        }
    }
}

/// `/source/flags`.
pub(super) fn regex(body: &str) -> Option<Result<TextPattern, String>> {
    let inner = body.strip_prefix('/')?;
    let end = inner.rfind('/')?;
    let (source, flags) = (&inner[..end], &inner[end + 1..]);
    if source.is_empty() || !flags.chars().all(|c| c.is_ascii_lowercase()) {
        return None;
    }
    if let Some(unknown) = flags.chars().find(|c| !"dgimsuvy".contains(*c)) {
        return Some(Err(format!("regular expressions have no flag `{unknown}`")));
    }
    Some(Ok(TextPattern::Regex {
        source: String::from(source),
        flags: String::from(flags),
    }))
}

/// The text within the quotes at the start, and what follows them.
pub(super) fn quoted(body: &str) -> Result<(String, &str), String> {
    let mut chars = body.char_indices();
    let Some((_, quote)) = chars.next() else {
        return Err(String::from("a quoted text is missing"));
    };
    let mut text = String::new();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => text.extend(chars.next().map(|(_, escaped)| escaped)),
            _ if c == quote => return Ok((text, &body[at + c.len_utf8()..])),
            _ => text.push(c),
        }
    }
    Err(format!("a {quote} is opened and not closed"))
}
