//! YAML text as a tree whose nodes know where they stand. Scalars are read as the compose tool reads them (YAML 1.2:
//! `yes` is text); the tags `!reset` and `!override` of Compose are read over.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::{Spanned, options::DuplicateKeyPolicy};

use super::{BlueprintProblem, TextPosition};

/// A value and where it stands.
#[derive(Clone, Debug, Default)]
pub(crate) struct YamlNode {
    pub(crate) at: TextPosition,
    pub(crate) content: YamlContent,
}

#[derive(Clone, Debug, Default)]
pub(crate) enum YamlContent {
    #[default]
    Null,
    /// A number or a boolean, as text.
    Plain(String),
    Text(String),
    List(Vec<YamlNode>),
    Map(Vec<(YamlKey, YamlNode)>),
}

#[derive(Clone, Debug)]
pub(crate) struct YamlKey {
    pub(crate) text: String,
    pub(crate) at: TextPosition,
}

/// The most values a text may have with all its aliases replaced: many times what the largest known stacks have.
const MOST_NODES: usize = 25_000;

/// Reads a text. Of several documents each is laid over those before it, as by the compose tool; no document is null.
pub(crate) fn read(text: &str) -> Result<YamlNode, BlueprintProblem> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        strict_booleans: true,
        with_snippet: false,
        budget: serde_saphyr::budget! { max_nodes: MOST_NODES },
    };
    let documents: Vec<YamlNode> = serde_saphyr::from_multiple_with_options(text, options)
        .map_err(|error| {
            let at = error.location().map(position).unwrap_or_default();
            BlueprintProblem::error(at, format!("the YAML is not valid: {error}"))
        })?;
    let merged = documents.into_iter().reduce(YamlNode::overlaid);
    Ok(merged.unwrap_or_default())
}

fn position(location: serde_saphyr::Location) -> TextPosition {
    let number = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    TextPosition {
        line: number(location.line()),
        column: number(location.column()),
    }
}

impl YamlNode {
    /// This value with another one laid over it: maps key by key, anything else is replaced.
    fn overlaid(mut self, over: Self) -> Self {
        let YamlContent::Map(entries) = &mut self.content else {
            return over;
        };
        let YamlContent::Map(above) = over.content else {
            return over;
        };
        for (key, value) in above {
            match entries.iter_mut().find(|(known, _)| known.text == key.text) {
                Some((_, known)) => *known = std::mem::take(known).overlaid(value),
                None => entries.push((key, value)),
            }
        }
        self
    }

    /// The scalar as text; nothing for null, lists and maps.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            YamlContent::Plain(text) | YamlContent::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entries of a map; none for anything else.
    pub(crate) fn entries(&self) -> &[(YamlKey, Self)] {
        match &self.content {
            YamlContent::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            YamlContent::List(items) => items,
            _ => &[],
        }
    }

    /// The value of a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        let mut entries = self.entries().iter();
        entries.find(|(k, _)| k.text == key).map(|(_, value)| value)
    }

    /// What it is, for people.
    pub(crate) fn describe(&self) -> &'static str {
        match self.content {
            YamlContent::Null => "nothing",
            YamlContent::Plain(_) => "a number or boolean",
            YamlContent::Text(_) => "text",
            YamlContent::List(_) => "a list",
            YamlContent::Map(_) => "a map",
        }
    }
}

impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<YamlContent>::deserialize(deserializer)?;
        Ok(Self {
            at: position(spanned.referenced),
            content: spanned.value,
        })
    }
}

impl<'de> Deserialize<'de> for YamlContent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ContentVisitor)
    }
}

struct ContentVisitor;

impl<'de> Visitor<'de> for ContentVisitor {
    type Value = YamlContent;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E>(self) -> Result<YamlContent, E> {
        Ok(YamlContent::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<YamlContent, E> {
        Ok(YamlContent::Plain(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<YamlContent, E> {
        Ok(YamlContent::Plain(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<YamlContent, E> {
        Ok(YamlContent::Plain(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<YamlContent, E> {
        Ok(YamlContent::Plain(value.to_string()))
    }

    fn visit_str<E>(self, text: &str) -> Result<YamlContent, E> {
        Ok(YamlContent::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<YamlContent, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(YamlContent::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<YamlContent, A::Error> {
        let mut map = Vec::new();
        while let Some((key, value)) = entries.next_entry::<Spanned<String>, YamlNode>()? {
            let at = position(key.referenced);
            let text = key.value;
            map.push((YamlKey { text, at }, value));
        }
        Ok(YamlContent::Map(map))
    }
}
