//! What was refused or failed is counted, and recorded from time to time: a caller that asks again and
//! again does not fill the audit, nor the memory.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::StatusCode;
use store::audit::{Actor, AuditEntry, Outcome, Target};

use super::AuditContext;

/// Different things that are counted each by itself between two writes: so many of those who have a
/// key, and as many of those who have none. What comes beyond is counted together, by its status.
const DISTINCT: usize = 32;
/// Stands for more than one.
const SEVERAL: &str = "several";

/// Counts of this server. Cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Refusals(Arc<Mutex<Counts>>);

type Counts = HashMap<What, Count>;

#[derive(Clone, PartialEq, Eq, Hash)]
struct What {
    actor: (String, String),
    origin: String,
    action: &'static str,
    route: String,
    status: u16,
}

#[derive(Default)]
struct Count {
    times: i64,
    /// Of the last, epoch milliseconds.
    at: i64,
    /// What the path of the last one named; empty for nothing.
    on: String,
}

impl Refusals {
    /// Counts a request on what its path names, if it names something, that was answered with `status`.
    pub(crate) fn note(
        &self,
        audit_context: AuditContext,
        route: &str,
        on: Option<&str>,
        status: StatusCode,
        now: i64,
    ) {
        let what = What {
            action: audit_context.action(),
            actor: (audit_context.actor.id, audit_context.actor.name),
            origin: audit_context.origin,
            route: route.to_owned(),
            status: status.as_u16(),
        };
        let on = on.unwrap_or_default().to_owned();
        let (times, at) = (1, now);
        self.add(what, Count { times, at, on });
    }

    fn add(&self, what: What, more: Count) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = !counts.contains_key(&what);
        let what = match is_new && is_full(&counts, what.has_key()) {
            true => what.together(),
            false => what,
        };
        let several = what.route == SEVERAL;
        let count = counts.entry(what).or_default();
        count.times += more.times;
        if more.at >= count.at {
            count.at = more.at;
            count.on = if several { String::new() } else { more.on };
        }
    }

    /// What was counted since the last call.
    pub(crate) fn take(&self) -> TakenRefusals {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        TakenRefusals(std::mem::take(&mut *counts))
    }

    /// What was taken could not be written down.
    pub(crate) fn release(&self, taken: TakenRefusals) {
        for (what, count) in taken.0 {
            self.add(what, count);
        }
    }
}

/// Counts that are to be written down.
pub(crate) struct TakenRefusals(Counts);

impl TakenRefusals {
    /// One act for each count, oldest first.
    pub(crate) fn entries(&self) -> Vec<AuditEntry> {
        let mut entries: Vec<AuditEntry> = self
            .0
            .iter()
            .map(|(what, count)| what.entry(count))
            .collect();
        entries.sort_by(|one, other| (one.at, &one.detail).cmp(&(other.at, &other.detail)));
        entries
    }
}

fn is_full(counts: &Counts, has_key: bool) -> bool {
    let alone = counts.keys().filter(|what| what.route != SEVERAL);
    alone.filter(|what| what.has_key() == has_key).count() >= DISTINCT
}

impl What {
    fn has_key(&self) -> bool {
        !self.actor.1.is_empty()
    }

    /// Without what tells it from others of the same status.
    fn together(self) -> Self {
        Self {
            actor: (SEVERAL.to_owned(), String::new()),
            origin: SEVERAL.to_owned(),
            action: SEVERAL,
            route: SEVERAL.to_owned(),
            status: self.status,
        }
    }

    fn entry(&self, count: &Count) -> AuditEntry {
        let (id, name) = self.actor.clone();
        let action = match self.action {
            "" => "request",
            action => action,
        };
        let target = Target::one("route", &self.route);
        let actor = Actor { id, name };
        let entry = AuditEntry::new(count.at, actor, self.origin.clone(), action, target);
        let status = StatusCode::from_u16(self.status).unwrap_or_default();
        let detail = match count.on.as_str() {
            "" => status.to_string(),
            on => format!("{status}, at last on {on}"),
        };
        AuditEntry {
            outcome: match is_refusal(status) {
                true => Outcome::Refused,
                false => Outcome::Failed,
            },
            times: count.times,
            ..entry.detail(detail)
        }
    }
}

/// Not allowed, or not so often.
pub(super) fn is_refusal(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    )
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use store::audit::{Actor, Outcome};

    use super::{AuditContext, DISTINCT, Refusals};

    fn audit_context(id: &str, name: &str, origin: &str) -> AuditContext {
        let mut audit_context = AuditContext::operator("job.submit");
        audit_context.actor = Actor {
            id: id.to_owned(),
            name: name.to_owned(),
        };
        audit_context.origin = origin.to_owned();
        audit_context
    }

    #[test]
    fn a_flood_from_anywhere_stays_small_and_hides_no_key() {
        let refusals = Refusals::default();
        for n in 0..100_000 {
            let audit_context = audit_context(
                "nobody",
                "",
                &format!("192.0.{}.{}", n / 256 % 256, n % 256),
            );
            let on = n.to_string();
            let status = StatusCode::UNAUTHORIZED;
            refusals.note(
                audit_context,
                "DELETE /api/v1/jobs/{id}",
                Some(&on),
                status,
                n,
            );
        }
        for (status, at) in [(StatusCode::FORBIDDEN, 7), (StatusCode::BAD_REQUEST, 9)] {
            let audit_context = audit_context("k1", "ci", "::1");
            refusals.note(audit_context, "POST /api/v1/jobs", None, status, at);
        }
        let taken = refusals.take();
        assert!(refusals.take().entries().is_empty());
        refusals.release(taken);
        let entries = refusals.take().entries();
        assert_eq!(entries.len(), DISTINCT + 1 + 2);
        assert_eq!(
            entries.iter().map(|entry| entry.times).sum::<i64>(),
            100_002
        );
        let of_key: Vec<_> = entries
            .iter()
            .filter(|entry| entry.actor.id == "k1")
            .collect();
        assert_eq!(of_key[0].outcome, Outcome::Refused);
        assert_eq!(of_key[1].outcome, Outcome::Failed);
        assert_eq!(of_key[1].detail, "400 Bad Request");
        let first = entries.iter().find(|entry| entry.origin == "192.0.0.0");
        let detail = &first.expect("the first address").detail;
        assert_eq!(detail, "401 Unauthorized, at last on 65536");
        let several = entries.iter().find(|entry| entry.origin == "several");
        assert_eq!(several.expect("the others").detail, "401 Unauthorized");
    }
}
