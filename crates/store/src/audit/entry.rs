//! What is handed over to be written down.

use engine::{RunId, UnknownName};

/// A detail is cut off after so many bytes.
const DETAIL_LIMIT: usize = 500;

/// An action of an actor. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Epoch milliseconds.
    pub at: i64,
    /// Who.
    pub actor: Actor,
    /// From where: an address of the network, or a word when it is not over one.
    pub origin: String,
    /// What, as `noun.verb`, such as `job.submit`.
    pub action: String,
    /// To what.
    pub target: Target,
    /// What became of it.
    pub outcome: Outcome,
    /// For people, at most 500 bytes.
    pub detail: String,
    /// How many requests this stands for.
    pub times: i64,
}

/// Who acts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Actor {
    /// Id of a key, or a word for an actor without one.
    pub id: String,
    /// The name that the key has; empty without one.
    pub name: String,
}

/// What is acted on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Such as `job`, `key`, `hook`.
    pub kind: String,
    /// Which; of several runs the first.
    pub id: String,
    /// Of several runs the last id, and all ids one after the other, sorted.
    pub(super) many: Option<(String, Vec<u8>)>,
}

/// What became of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Ok,
    /// It was not allowed.
    Refused,
    /// It was allowed and did not come about.
    Failed,
}

impl AuditEntry {
    /// An act that is done once. The detail is cut to its limit.
    #[must_use]
    pub fn new(at: i64, actor: Actor, origin: String, action: &str, target: Target) -> Self {
        Self {
            at,
            actor,
            origin,
            action: action.to_owned(),
            target,
            outcome: Outcome::Ok,
            detail: String::new(),
            times: 1,
        }
    }

    /// Adds what else a person wants to know, cut to its limit.
    #[must_use]
    pub fn detail(mut self, text: impl Into<String>) -> Self {
        self.detail = text.into();
        let mut end = DETAIL_LIMIT.min(self.detail.len());
        while !self.detail.is_char_boundary(end) {
            end -= 1;
        }
        self.detail.truncate(end);
        self
    }

    /// The same act on something else.
    #[must_use]
    pub fn on(mut self, target: Target) -> Self {
        self.target = target;
        self
    }
}

impl Actor {
    /// An actor without a key.
    #[must_use]
    pub fn word(word: &str) -> Self {
        Self {
            id: word.to_owned(),
            name: String::new(),
        }
    }
}

impl Target {
    /// One thing.
    #[must_use]
    pub fn one(kind: &str, id: impl Into<String>) -> Self {
        Self {
            kind: kind.to_owned(),
            id: id.into(),
            many: None,
        }
    }

    /// Runs of one kind: each of them is found by its id.
    #[must_use]
    pub fn runs(kind: &str, ids: &[RunId]) -> Self {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        let (first, last) = (ids.first(), ids.last());
        let many = last.filter(|_| ids.len() > 1).map(|last| {
            let all = ids.iter().flat_map(|id| *id.as_bytes()).collect();
            (last.to_string(), all)
        });
        Self {
            kind: kind.to_owned(),
            id: first.map(ToString::to_string).unwrap_or_default(),
            many,
        }
    }

    /// The last id, of several runs.
    #[must_use]
    pub fn last(&self) -> Option<&str> {
        self.many.as_ref().map(|(last, _)| last.as_str())
    }

    /// How many things it is.
    #[must_use]
    pub fn count(&self) -> usize {
        self.many.as_ref().map_or(1, |(_, all)| all.len() / 16)
    }
}

impl Outcome {
    /// As it is kept and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

impl std::str::FromStr for Outcome {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        let all = [Self::Ok, Self::Refused, Self::Failed];
        all.into_iter()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| UnknownName(text.to_owned()))
    }
}
