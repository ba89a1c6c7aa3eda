//! The grammar of variable references in Compose: `$A`, `${A}`, `${A:-b}`, `${A-b}`, `${A:?e}`, `${A?e}`,
//! `${A:+c}`, `${A+c}`, nested ones, and `$$` for a dollar sign.

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Literal(String),
    Variable {
        name: String,
        rule: Rule,
        /// The rule is also for a variable that is set and empty: the forms with a colon.
        empty_too: bool,
    },
}

/// What stands after the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Nothing: the value, or the variable is missing.
    Plain,
    /// `-`: what is used without a value.
    Default(Vec<Piece>),
    /// `?`: the message without a value.
    Required(Vec<Piece>),
    /// `+`: what is used with a value; without one, nothing.
    Alternative(Vec<Piece>),
}

impl Rule {
    /// The pieces after the sign.
    pub(super) fn inner(&self) -> &[Piece] {
        match self {
            Self::Plain => &[],
            Self::Default(inner) | Self::Required(inner) | Self::Alternative(inner) => inner,
        }
    }
}

/// Reads a text; the error is a message for its author.
pub(super) fn parse(text: &str) -> Result<Vec<Piece>, String> {
    let (pieces, rest) = pieces(text, false, 0)?;
    debug_assert!(rest.is_empty());
    Ok(pieces)
}

/// How deep references may be nested.
const DEPTH: usize = 32;

/// Reads pieces up to the end of the text, or, inside braces, up to the closing brace.
fn pieces(text: &str, inside: bool, depth: usize) -> Result<(Vec<Piece>, &str), String> {
    if depth > DEPTH {
        return Err(format!(
            "variables are nested more than {DEPTH} levels deep"
        ));
    }
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if inside && c == '}' {
            break;
        }
        let after = &rest[c.len_utf8()..];
        let found = if c == '$' {
            reference(after, depth)?
        } else {
            None
        };
        rest = match found {
            Some((Piece::Literal(text), after)) => {
                literal.push_str(&text);
                after
            }
            Some((variable, after)) => {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                pieces.push(variable);
                after
            }
            None => {
                literal.push(c);
                after
            }
        };
    }
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Ok((pieces, rest))
}

/// Reads what follows a dollar sign. One before anything else is a dollar sign, as for the compose tool.
fn reference(text: &str, depth: usize) -> Result<Option<(Piece, &str)>, String> {
    if let Some(rest) = text.strip_prefix('$') {
        return Ok(Some((Piece::Literal("$".to_owned()), rest)));
    }
    if let Some(braced) = text.strip_prefix('{') {
        return in_braces(braced, depth).map(Some);
    }
    let found = name(text);
    Ok(found.map(|(name, rest)| (variable(name, Rule::Plain, false), rest)))
}

/// Reads what follows `${`, and the closing brace.
fn in_braces(text: &str, depth: usize) -> Result<(Piece, &str), String> {
    let (name, rest) =
        name(text).ok_or("a name is missing after `${`; write `$${` for the text `${`")?;
    if let Some(rest) = rest.strip_prefix('}') {
        return Ok((variable(name, Rule::Plain, false), rest));
    }
    let colon = rest.strip_prefix(':');
    let rule = colon.unwrap_or(rest);
    let kind = rule.chars().next().filter(|c| matches!(c, '-' | '?' | '+'));
    let Some(kind) = kind else {
        return Err(format!(
            "`${{{name}` is not closed, or `{}` is not a form of a variable",
            rest.chars().take(12).collect::<String>()
        ));
    };
    let (inner, rest) = pieces(&rule[1..], true, depth + 1)?;
    let rest = rest
        .strip_prefix('}')
        .ok_or_else(|| format!("`${{{name}` is not closed with `}}`"))?;
    let rule = match kind {
        '-' => Rule::Default(inner),
        '?' => Rule::Required(inner),
        _ => Rule::Alternative(inner),
    };
    Ok((variable(name, rule, colon.is_some()), rest))
}

fn variable(name: &str, rule: Rule, empty_too: bool) -> Piece {
    Piece::Variable {
        name: name.to_owned(),
        rule,
        empty_too,
    }
}

fn name(text: &str) -> Option<(&str, &str)> {
    let first = text.bytes().next()?;
    if !(first.is_ascii_alphabetic() || first == b'_') {
        return None;
    }
    let length = text
        .bytes()
        .take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        .count();
    Some(text.split_at(length))
}
