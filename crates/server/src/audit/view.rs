//! Lines as they are shown, and what is asked for as the store takes it.

use store::audit::{Filter, Page, Record, Verified};
use wire::{
    Timestamp,
    audit::{AuditActor, AuditBroken, AuditLine, AuditQuery, AuditTarget, AuditVerified},
};

use crate::blobs::hex;

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 1_000;

/// Reads what is asked for; answers what is wrong with it.
pub(crate) fn filter(query: &AuditQuery) -> Result<Filter, String> {
    if query.after.is_some() && query.before.is_some() {
        return Err("after and before go in different directions: give one of them".to_owned());
    }
    let numbers = [("after", query.after), ("before", query.before)];
    if let Some((name, _)) = numbers.iter().find(|(_, n)| n.is_some_and(|n| n < 0)) {
        return Err(format!("{name} must not be negative"));
    }
    let limit = query.limit.unwrap_or(LIMIT_DEFAULT);
    if limit < 1 {
        return Err("limit must be at least 1".to_owned());
    }
    let texts = [
        ("actor", &query.actor),
        ("action", &query.action),
        ("target", &query.target),
    ];
    for (name, text) in texts {
        if text.as_ref().is_some_and(|text| text.contains('\0')) {
            return Err(format!("{name} must not contain NUL"));
        }
    }
    let outcome = query.outcome.as_deref().map(str::parse).transpose();
    Ok(Filter {
        after: query.after,
        before: query.before,
        actor: query.actor.clone(),
        action: query.action.clone(),
        target: query.target.clone(),
        outcome: outcome.map_err(|_| "outcome must be ok, refused or failed".to_owned())?,
        since: time("since", query.since.as_ref())?,
        until: time("until", query.until.as_ref())?,
        limit: limit.min(LIMIT_MAX),
    })
}

fn time(name: &str, text: Option<&String>) -> Result<Option<i64>, String> {
    let time = text.map(|text| text.parse::<Timestamp>()).transpose();
    match time {
        Ok(time) => Ok(time.map(|Timestamp(at)| at)),
        Err(_) => Err(format!(
            "{name} must be a time such as 2026-01-31T12:00:00Z"
        )),
    }
}

/// A page, and what to ask for the next one.
pub(crate) fn page(query: &AuditQuery, page: Page) -> (Vec<AuditLine>, Option<AuditQuery>) {
    let next = page.next.map(|number| match query.after {
        Some(_) => AuditQuery {
            after: Some(number),
            ..query.clone()
        },
        None => AuditQuery {
            before: Some(number),
            ..query.clone()
        },
    });
    (page.lines.into_iter().map(line).collect(), next)
}

fn line(line: Record) -> AuditLine {
    let entry = line.entry;
    let at = jiff::Timestamp::from_millisecond(entry.at).unwrap_or_default();
    AuditLine {
        number: line.number,
        at: format!("{at:.3}"),
        actor: AuditActor {
            id: entry.actor.id,
            name: Some(entry.actor.name).filter(|name| !name.is_empty()),
        },
        from: entry.origin,
        action: entry.action,
        target: AuditTarget {
            last: entry.target.last().map(str::to_owned),
            count: entry.target.last().map(|_| entry.target.count() as u64),
            kind: entry.target.kind,
            id: entry.target.id,
        },
        outcome: entry.outcome.as_str().to_owned(),
        detail: entry.detail,
        times: entry.times,
        hash: hex(&line.hash),
    }
}

pub(crate) fn verified(found: Verified) -> AuditVerified {
    AuditVerified {
        intact: found.broken.is_none(),
        lines: found.lines,
        removed: found.removed,
        newest: found.newest,
        hash: hex(&found.hash),
        broken: found.broken.map(|broken| AuditBroken {
            number: broken.number,
            reason: broken.reason.to_owned(),
        }),
    }
}
