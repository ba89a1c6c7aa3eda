//! The job's store as one call sees it: what was there, and what the call changed.

use std::collections::{BTreeMap, BTreeSet};

use crate::{JsonText, failure::Cause, protocol::Storage};

/// What a call changes in the job's store; none deletes the entry.
pub type Changes = BTreeMap<String, Option<JsonText>>;

/// Applies what a call left to the job's store.
pub fn apply(storage: &mut Storage, changes: Changes) {
    for (key, value) in changes {
        match value {
            Some(value) => storage.insert(key, value),
            None => storage.remove(&key),
        };
    }
}

/// The changes of a call in progress, within the manifest's limit.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    changes: Changes,
    bytes: u64,
    limit: u64,
}

impl Ledger {
    pub(crate) fn new(limit: u64) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    /// Notes a change, or leaves everything as it is.
    pub(crate) fn set(&mut self, key: String, value: JsonText) -> Result<(), Cause> {
        let bytes = self.bytes - self.cost(&key) + (key.len() + length(&value)) as u64;
        if bytes > self.limit {
            return Err(Cause::Storage { limit: self.limit });
        }
        self.bytes = bytes;
        self.changes.insert(key, Some(value));
        Ok(())
    }

    /// Refuses a text that alone is longer than all may be.
    pub(crate) fn admit(&self, key: &str, text: &str) -> Result<(), Cause> {
        if (key.len() + text.len()) as u64 > self.limit {
            return Err(Cause::Storage { limit: self.limit });
        }
        Ok(())
    }

    /// Notes a deletion, which costs nothing. What was not there before the call is forgotten, so that
    /// deletions without end take no memory.
    pub(crate) fn delete(&mut self, key: String, was_there: bool) {
        self.bytes -= self.cost(&key);
        if was_there {
            self.changes.insert(key, None);
        } else {
            self.changes.remove(&key);
        }
    }

    /// What the entry costs now.
    fn cost(&self, key: &str) -> u64 {
        match self.changes.get(key) {
            Some(Some(value)) => (key.len() + length(value)) as u64,
            _ => 0,
        }
    }

    pub(crate) fn get<'a>(&'a self, before: &'a Storage, key: &str) -> Option<&'a JsonText> {
        match self.changes.get(key) {
            Some(changed) => changed.as_ref(),
            None => before.get(key),
        }
    }

    pub(crate) fn keys(&self, before: &Storage) -> Vec<String> {
        let kept = before.keys().filter(|key| !self.changes.contains_key(*key));
        let set = self.changes.iter().filter(|(_, value)| value.is_some());
        let all: BTreeSet<&String> = kept.chain(set.map(|(key, _)| key)).collect();
        all.into_iter().cloned().collect()
    }

    pub(crate) fn into_changes(self) -> Changes {
        self.changes
    }
}

/// How long a value is as JSON.
fn length(value: &JsonText) -> usize {
    value.get().len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_change_that_replaces_one_of_the_same_call_is_counted_once() {
        let before = Storage::new();
        let mut ledger = Ledger::new(8);
        let key = |name: &str| String::from(name);
        for _ in 0..100 {
            ledger.set(key("k"), json!("12345").into()).expect("fits");
        }
        let full = Err(Cause::Storage { limit: 8 });
        assert_eq!(ledger.set(key("l"), json!(1).into()), full);
        assert_eq!(ledger.set(key("k"), json!("123456").into()), full);
        assert_eq!(ledger.get(&before, "k"), Some(&json!("12345").into()));
        ledger.delete(key("k"), false);
        ledger.set(key("l"), json!(1).into()).expect("fits now");
        assert_eq!(ledger.bytes, 2);
    }

    #[test]
    fn a_call_sees_its_own_changes_over_what_was_there() {
        let mut before = Storage::from([
            (String::from("a"), json!(1).into()),
            (String::from("b"), json!(2).into()),
        ]);
        let mut ledger = Ledger::new(100);
        ledger
            .set(String::from("c"), json!(3).into())
            .expect("fits");
        ledger
            .set(String::from("a"), json!(9).into())
            .expect("fits");
        ledger.delete(String::from("b"), true);
        assert_eq!(ledger.keys(&before), ["a", "c"]);
        assert_eq!(ledger.get(&before, "a"), Some(&json!(9).into()));
        assert_eq!(ledger.get(&before, "b"), None);
        apply(&mut before, ledger.into_changes());
        assert_eq!(json!(before), json!({"a": 9, "c": 3}));
    }
}
