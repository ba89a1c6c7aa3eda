//! YAML text as a tree whose nodes know where they stand. Scalars are read as the original read them
//! (YAML 1.1 as in `PyYAML`): `yes`, `no`, `on` and `off` are booleans, and of two equal keys the last counts.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};
use serde_saphyr::{
    Spanned,
    options::{DuplicateKeyPolicy, NonFiniteFloatPolicy},
};

use crate::{Position, Problem};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) at: Position,
    /// Where its text starts, in bytes.
    offset: Option<usize>,
    pub(crate) content: Content,
}

#[derive(Clone, Debug)]
pub(crate) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the text; a later key replaces an equal one before it.
    Map(Vec<(NodeKey, Node)>),
}

#[derive(Clone, Debug)]
pub(crate) struct NodeKey {
    pub(crate) text: String,
    pub(crate) at: Position,
}

/// Reads one YAML document.
pub(crate) fn read(text: &str) -> Result<Node, Problem> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        strict_booleans: true,
        with_snippet: false,
        non_finite_float_policy: NonFiniteFloatPolicy::PassThrough,
    };
    let mut node: Node = serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let at = error.location().map(position).unwrap_or_default();
        Problem::error(at, format!("the YAML is not valid: {error}"))
    })?;
    node.read_plain_words(text);
    Ok(node)
}

fn position(location: serde_saphyr::Location) -> Position {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Position {
        line: number(location.line()),
        column: number(location.column()),
    }
}

impl Node {
    pub(crate) fn is_null(&self) -> bool {
        matches!(self.content, Content::Null)
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(value) => Value::Number(value.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => items.iter().map(Self::to_value).collect(),
            Content::Map(entries) => Value::Object(to_map(entries)),
        }
    }

    /// What it is, for people.
    pub(crate) fn describe(&self) -> &'static str {
        match self.content {
            Content::Null => "nothing",
            Content::Bool(_) => "a boolean",
            Content::Number(_) => "a number",
            Content::Text(_) => "text",
            Content::List(_) => "a list",
            Content::Map(_) => "a map",
        }
    }

    /// Unquoted `yes`, `no`, `on` and `off` are booleans, quoted ones are text.
    fn read_plain_words(&mut self, source: &str) {
        match &mut self.content {
            Content::Text(text) => {
                let word = boolean_word(text);
                let starts = self.offset.and_then(|offset| source.get(offset..));
                if let (Some(value), Some(starts)) = (word, starts)
                    && starts.starts_with(text.as_str())
                {
                    self.content = Content::Bool(value);
                }
            }
            Content::List(items) => items.iter_mut().for_each(|i| i.read_plain_words(source)),
            Content::Map(entries) => {
                entries
                    .iter_mut()
                    .for_each(|(_, value)| value.read_plain_words(source));
            }
            Content::Null | Content::Bool(_) | Content::Number(_) => {}
        }
    }
}

/// The boolean that an unquoted word is in YAML 1.1, besides `true` and `false`.
fn boolean_word(text: &str) -> Option<bool> {
    match text {
        "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

pub(crate) fn to_map(entries: &[(NodeKey, Node)]) -> Map<String, Value> {
    let pairs = entries.iter();
    pairs
        .map(|(key, value)| (key.text.clone(), value.to_value()))
        .collect()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Spanned {
            value,
            referenced,
            defined,
        } = Spanned::<Content>::deserialize(deserializer)?;
        Ok(Self {
            at: position(referenced),
            offset: defined
                .span()
                .byte_offset()
                .and_then(|offset| usize::try_from(offset).ok()),
            content: value,
        })
    }
}

impl<'de> Deserialize<'de> for Content {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = Content;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<Content, E> {
        Ok(Content::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
        Ok(Content::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
        Ok(Content::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
        let number = Number::from_f64(value);
        Ok(number.map_or_else(|| Content::Text(value.to_string()), Content::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Content, E> {
        Ok(Content::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Content::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, Node>()? {
            let at = position(key.referenced);
            map.push((
                NodeKey {
                    text: key.value,
                    at,
                },
                value,
            ));
        }
        Ok(Content::Map(map))
    }
}
