//! Finds templates in a text. What is no template is literal text: many playbooks hold CSS and Python with
//! double braces.

use super::engine;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Literal text.
    Text(&'a str),
    /// `{{ a.b.c }}`: the names.
    Reference(Vec<&'a str>),
    /// `{{ a.b | filter }}` and the like: what is between the braces.
    Expression(&'a str),
}

/// The names that a reference can begin with, besides a parameter's and a loop's.
pub(crate) const ROOTS: [&str; 5] = ["parameter", "variable", "step", "credential", "status"];

/// The pieces of a text, in order. No two pieces of text follow each other.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut literal, mut from) = (0, 0);
    while let Some(found) = text[from..].find("{{") {
        let start = from + found;
        let Some((piece, length)) = template(&text[start..]) else {
            // `{{{ a }}}` has its template one character later.
            from = start + 1;
            continue;
        };
        if literal < start {
            pieces.push(Piece::Text(&text[literal..start]));
        }
        pieces.push(piece);
        from = start + length;
        literal = from;
    }
    if literal < text.len() {
        pieces.push(Piece::Text(&text[literal..]));
    }
    pieces
}

/// The template at the start of a text, with its length.
fn template(text: &str) -> Option<(Piece<'_>, usize)> {
    let inside = text[2..].trim_start();
    let names: Vec<&str> = names(inside);
    let end = names
        .iter()
        .map(|name| name.len() + 1)
        .sum::<usize>()
        .checked_sub(1)?;
    let rest = inside[end..].trim_start();
    let length = |rest: &str| text.len() - rest.len();
    if let Some(rest) = rest.strip_prefix("}}") {
        return Some((Piece::Reference(names), length(rest)));
    }
    if !goes_on(names[0], rest) {
        return None;
    }
    let close = closing(inside)?;
    let expression = inside[..close].trim_end();
    engine::compiles(expression)
        .then(|| (Piece::Expression(expression), length(&inside[close + 2..])))
}

/// The names at the start of a text, separated by dots; none when it starts with something else.
fn names(text: &str) -> Vec<&str> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut names = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if end == 0 {
            // A dot without a name behind it is not part of the reference.
            return names;
        }
        names.push(&rest[..end]);
        match rest[end..].strip_prefix('.') {
            Some(after) => rest = after,
            None => return names,
        }
    }
}

/// Whether what follows a reference makes it an expression: a filter or a test; after the name of a root also
/// an index or a choice.
fn goes_on(first: &str, rest: &str) -> bool {
    let keyword = |word: &str| {
        let after = rest.strip_prefix(word);
        after.is_some_and(|after| after.starts_with(char::is_whitespace))
    };
    let filter = rest.starts_with('|') && !rest.starts_with("||");
    filter || keyword("is") || (ROOTS.contains(&first) && (rest.starts_with('[') || keyword("if")))
}

/// Where the `}}` of an expression is, outside of quotes and inner braces.
fn closing(text: &str) -> Option<usize> {
    let (mut quote, mut depth, mut escaped) = (None, 0_u32, false);
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            _ if escaped => escaped = false,
            (Some(_), b'\\') => escaped = true,
            (Some(open), _) if open == byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'{') => depth += 1,
            (None, b'}') if depth > 0 => depth -= 1,
            (None, b'}') if text[at..].starts_with("}}") => return Some(at),
            (None, _) => {}
        }
    }
    None
}
