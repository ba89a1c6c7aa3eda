//! Tokens in a text.

/// A token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Variable(&'t str),
    Random(&'t str),
    RootDomain,
}

/// A piece of a text.
enum Piece<'t> {
    Text(&'t str),
    Token(Token<'t>),
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    pieces(text).into_iter().filter_map(|piece| match piece {
        Piece::Token(token) => Some(token),
        Piece::Text(_) => None,
    })
}

/// The text with references in the place of its tokens. They have no braces, which YAML would read in a flow map; a
/// name ends where its token did.
pub(super) fn replaced(text: &str, key: impl Fn(&str) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Text(text) => replaced.push_str(text),
            Piece::Token(Token::Variable(name)) => {
                replaced.push_str(&format!("${}", key(name)));
            }
            Piece::Token(Token::Random(name)) => {
                replaced.push_str(&format!("${}{name}", super::RANDOM));
            }
            Piece::Token(Token::RootDomain) => {
                replaced.push_str(&format!("${}", super::ROOT_DOMAIN));
            }
        }
    }
    replaced
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut from, mut at) = (0, 0);
    while let Some(found) = text[at..].find('$') {
        let start = at + found;
        let run = text[start..].chars().take_while(|&c| c == '$').count();
        at = start + run;
        // More of them are dollar signs for the shell.
        if run != 2 {
            continue;
        }
        if let Some((token, length)) = token(&text[at..]) {
            pieces.push(Piece::Text(&text[from..start]));
            pieces.push(Piece::Token(token));
            at += length;
            from = at;
        }
    }
    pieces.push(Piece::Text(&text[from..]));
    pieces
}

/// The token at the begin of a text, after its dollar signs, and how long it is.
fn token(text: &str) -> Option<(Token<'_>, usize)> {
    let is_in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let end = text.find(|c| !is_in_name(c)).unwrap_or(text.len());
    let word = &text[..end];
    let named = |prefix: &str| word.strip_prefix(prefix).filter(|name| !name.is_empty());
    let token = match (named(super::VARIABLE), named(super::RANDOM)) {
        (Some(name), _) => Token::Variable(name),
        (_, Some(name)) => Token::Random(name),
        _ if word == super::ROOT_DOMAIN => Token::RootDomain,
        _ => return None,
    };
    Some((token, end))
}
