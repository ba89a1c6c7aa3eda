//! Reads the keys of one map of a playbook and says what is wrong with them.

use serde_json::Value;

use crate::{
    Position, Problem,
    suggest::nearest,
    yaml::{Content, Node, NodeKey},
};

/// The keys of one map.
pub(super) struct Fields<'a> {
    /// What the map is, for messages, such as "step `login`".
    pub(super) what: String,
    pub(super) at: Position,
    entries: Vec<(&'a NodeKey, &'a Node)>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl<'a> Fields<'a> {
    /// Reads a map: nothing, and a problem, when it is something else.
    pub(super) fn new(
        what: String,
        node: &'a Node,
        problems: &'a mut Vec<Problem>,
    ) -> Option<Self> {
        let Content::Map(map) = &node.content else {
            let found = node.describe();
            problems.push(Problem::error(
                node.at,
                format!("{what} must be a map, not {found}"),
            ));
            return None;
        };
        let mut entries: Vec<(&NodeKey, &Node)> = Vec::with_capacity(map.len());
        for (key, value) in map {
            if let Some(known) = entries.iter_mut().find(|(other, _)| other.text == key.text) {
                let message = format!("`{}` stands twice; the last one counts", key.text);
                problems.push(Problem::warning(key.at, message));
                *known = (key, value);
            } else {
                entries.push((key, value));
            }
        }
        Some(Self {
            what,
            at: node.at,
            entries,
            problems,
        })
    }

    pub(super) fn error(&mut self, at: Position, message: &str) {
        let message = format!("{}: {message}", self.what);
        self.problems.push(Problem::error(at, message));
    }

    pub(super) fn warn(&mut self, at: Position, message: &str) {
        let message = format!("{}: {message}", self.what);
        self.problems.push(Problem::warning(at, message));
    }

    /// The value of a key; an empty one counts as absent.
    pub(super) fn get(&self, key: &str) -> Option<&'a Node> {
        let entry = self.entries.iter().find(|(known, _)| known.text == key);
        entry
            .map(|(_, value)| *value)
            .filter(|value| !value.is_null())
    }

    /// Whether the key is there, if only with nothing behind it.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|(known, _)| known.text == key)
    }

    pub(super) fn value(&self, key: &str) -> Option<Value> {
        self.get(key).map(Node::to_value)
    }

    /// Text; numbers and booleans count as the text that they are written as.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        let node = self.get(key)?;
        let text = match &node.content {
            Content::Text(text) => text.clone(),
            Content::Number(number) => number.to_string(),
            Content::Bool(value) => value.to_string(),
            Content::Null | Content::List(_) | Content::Map(_) => {
                let message = format!("`{key}` must be text, not {}", node.describe());
                self.error(node.at, &message);
                return None;
            }
        };
        Some(text)
    }

    /// Text that must be there.
    pub(super) fn required(&mut self, key: &str) -> Option<String> {
        if self.get(key).is_none() {
            let message = format!("`{key}` is missing");
            self.error(self.at, &message);
        }
        self.text(key)
    }

    /// A boolean, also as text. What cannot be one is a warning, because the original takes anything.
    pub(super) fn boolean(&mut self, key: &str) -> Option<bool> {
        let node = self.get(key)?;
        let read = crate::resolve::boolean(&node.to_value());
        if read.is_none() {
            self.warn(
                node.at,
                &format!("`{key}` must be true or false and is ignored"),
            );
        }
        read
    }

    /// A number that is not below `min`, also as text. What cannot be one is a warning, because the original
    /// takes anything.
    pub(super) fn at_least(&mut self, key: &str, min: f64) -> Option<f64> {
        let node = self.get(key)?;
        let read = crate::resolve::number(&node.to_value()).filter(|number| *number >= min);
        if read.is_none() {
            let message = format!("`{key}` must be a number, at least {min}, and is ignored");
            self.warn(node.at, &message);
        }
        read
    }

    /// Any number, also as text.
    pub(super) fn number(&mut self, key: &str) -> Option<f64> {
        let node = self.get(key)?;
        let read = crate::resolve::number(&node.to_value());
        if read.is_none() {
            self.warn(
                node.at,
                &format!("`{key}` must be a number, and is ignored"),
            );
        }
        read
    }

    pub(super) fn count(&mut self, key: &str, min: f64) -> Option<u32> {
        let number = self.at_least(key, min)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it is not negative, and a greater one than fits is the greatest that fits"
        )]
        Some(number as u32)
    }

    /// A list.
    pub(super) fn list(&mut self, key: &str) -> Option<&'a [Node]> {
        let node = self.get(key)?;
        let Content::List(items) = &node.content else {
            let message = format!("`{key}` must be a list, not {}", node.describe());
            self.error(node.at, &message);
            return None;
        };
        Some(items)
    }

    /// A list that must not be empty; nothing, and a problem, when it is.
    pub(super) fn filled_list(&mut self, key: &str) -> Option<&'a [Node]> {
        let items = match self.get(key) {
            Some(_) => self.list(key)?,
            None => &[],
        };
        if items.is_empty() {
            let at = self.get(key).map_or(self.at, |node| node.at);
            self.error(
                at,
                &format!("`{key}` must be a list with at least one step"),
            );
        }
        Some(items)
    }

    /// The entries of a map.
    pub(super) fn map(&mut self, key: &str) -> Option<&'a [(NodeKey, Node)]> {
        let node = self.get(key)?;
        let Content::Map(entries) = &node.content else {
            let message = format!("`{key}` must be a map, not {}", node.describe());
            self.error(node.at, &message);
            return None;
        };
        Some(entries)
    }

    /// Warns of keys that are not known. `renamed` has what authors use by mistake, and what to use.
    pub(super) fn warn_of_others(&mut self, known: &[&str], renamed: &[(&str, &str)]) {
        let keys: Vec<&NodeKey> = self.entries.iter().map(|(key, _)| *key).collect();
        for key in keys
            .into_iter()
            .filter(|key| !known.contains(&key.text.as_str()))
        {
            let name = key.text.as_str();
            let meant = renamed.iter().find(|(wrong, _)| *wrong == name);
            let meant = meant.map(|(_, right)| *right);
            let hint = match meant.or_else(|| nearest(name, known.iter().copied())) {
                Some(right) => format!(": did you mean `{right}`?"),
                None => format!("; known are {}", known.join(", ")),
            };
            self.warn(
                key.at,
                &format!("`{name}` is not known and is ignored{hint}"),
            );
        }
    }
}
