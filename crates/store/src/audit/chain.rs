//! The form over which a line's hash is taken, the same forever: `docs/CONTRACTS.md` has it too.

use sha2::{Digest, Sha256};

use super::AuditEntry;

/// One line of the audit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number; there is no gap.
    pub number: i64,
    /// What it says.
    pub entry: AuditEntry,
    /// SHA-256 over it and the hash of the line before.
    pub hash: Vec<u8>,
}

/// The hash of a line: SHA-256 over its fields in the order of the table, the hash of the line before
/// first (of the first line: nothing). Each field is its length in bytes in decimal, a colon, its
/// bytes, a comma; one that is not there is a tilde. Numbers are decimal.
pub(super) fn hash(previous: &[u8], number: i64, entry: &AuditEntry) -> Vec<u8> {
    let mut form = Form(Sha256::new());
    let (last, runs) = match &entry.target.many {
        Some((last, runs)) => (Some(last.as_bytes()), Some(runs.as_slice())),
        None => (None, None),
    };
    form.field(previous);
    form.number(number);
    form.number(entry.at);
    form.field(entry.actor.id.as_bytes());
    form.field(entry.actor.name.as_bytes());
    form.field(entry.origin.as_bytes());
    form.field(entry.action.as_bytes());
    form.field(entry.target.kind.as_bytes());
    form.field(entry.target.id.as_bytes());
    form.optional(last);
    form.optional(runs);
    form.field(entry.outcome.as_str().as_bytes());
    form.field(entry.detail.as_bytes());
    form.number(entry.times);
    form.0.finalize().to_vec()
}

struct Form(Sha256);

impl Form {
    fn field(&mut self, bytes: &[u8]) {
        self.0.update(bytes.len().to_string());
        self.0.update(b":");
        self.0.update(bytes);
        self.0.update(b",");
    }

    fn number(&mut self, number: i64) {
        self.field(number.to_string().as_bytes());
    }

    fn optional(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.field(bytes),
            None => self.0.update(b"~"),
        }
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::hash;
    use crate::audit::{Actor, AuditEntry, Target};

    #[test]
    fn the_form_is_the_documented_one() {
        let actor = Actor {
            id: "k1".to_owned(),
            name: "ci".to_owned(),
        };
        let target = Target::one("job", "x");
        let entry = AuditEntry::new(5, actor, "::1".to_owned(), "job.submit", target).detail("é");
        let form = "3:abc,1:7,1:5,2:k1,2:ci,3:::1,10:job.submit,3:job,1:x,~~2:ok,2:é,1:1,";
        assert_eq!(hash(b"abc", 7, &entry), Sha256::digest(form).to_vec());
    }
}
