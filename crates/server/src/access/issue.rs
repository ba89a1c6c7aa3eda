//! Keys are made and revoked, over HTTP and on the data directory alike.

use store::{
    Batch, Store,
    audit::Target,
    keys::{Added, KeyRow},
};
use wire::{
    Timestamp,
    executors::BUILT_IN,
    keys::{CreatedKey, KeyInfo, NewKey, RevokedKey},
};

use super::{
    Caller,
    issue_error::{IssueError, made},
    join::Join,
    key::{is_bound, least, scopes},
    role::Role,
    scope::Scopes,
    secret::Secret,
    tickets::{self, Purpose},
};

use crate::audit::AuditContext;

const NAME_LIMIT: usize = 255;
const DAYS_LIMIT: i64 = 3_650;
const DAY_MS: i64 = 24 * 3_600 * 1_000;
/// Requests a minute that a key can be given at most.
const RATE_LIMIT: i64 = 100_000_000;

/// Makes a key.
pub(crate) async fn issue(
    store: &Store,
    caller: Caller,
    new: &NewKey,
    audit_context: AuditContext,
    now: i64,
) -> Result<CreatedKey, IssueError> {
    let secret = Secret::key();
    let mut row = checked(new, &secret, now)?;
    if let Caller::Key {
        id,
        scopes: own,
        expires_at,
        requests_per_minute,
    } = &caller
    {
        if !own.cover(scopes(&row)) {
            return Err(IssueError::TooMuch);
        }
        row.expires_at = least(row.expires_at, *expires_at);
        row.requests_per_minute = least(row.requests_per_minute, *requests_per_minute);
        row.made_by = Some(id.clone());
    }
    let entry = audit_context.entry(now, Target::one("key", &row.id));
    let entry = entry.detail(format!("{}, role {}", row.name, row.role));
    let key = store::keys::NewKey {
        may_be_first: scopes(&row).is_every(),
        must_be_first: matches!(caller, Caller::First | Caller::Setup(_)),
        row: row.clone(),
        // Two keys that perform runs under one name would be one executor.
        rivals: is_bound(scopes(&row)).then_some(|rival: &KeyRow| is_bound(scopes(rival))),
    };
    let work = move |batch: &mut Batch<'_, '_>| {
        let key = key.clone();
        if !caller.stands(batch, now)? {
            return Ok(Err(IssueError::Revoked));
        }
        match &caller {
            Caller::Join {
                token,
                at_work_since,
            } => {
                let join = Join {
                    token,
                    at_work_since: *at_work_since,
                };
                return join.add(batch, key, &entry, now);
            }
            Caller::Setup(token) if tickets::take(batch, Purpose::Setup, token, now)?.is_none() => {
                return Ok(Err(IssueError::Token));
            }
            _ => {}
        }
        let added = store::keys::add(batch, &key, &entry)?;
        if added == Added::Yes && key.may_be_first {
            // It may be the first: what servers printed for making one is of no use any more.
            tickets::forget(batch, Purpose::Setup)?;
        }
        Ok(made(added).map(|()| key.row))
    };
    let row = store.write(work).await??;
    Ok(created(&row, secret))
}

/// Revokes a key, and with `cascade` all that were made with it; `None` when there is none with this id.
pub(crate) async fn revoke(
    store: &Store,
    caller: Caller,
    (id, cascade): (&str, bool),
    audit_context: AuditContext,
    now: i64,
) -> Result<Option<RevokedKey>, IssueError> {
    let id = id.to_owned();
    let work = move |batch: &mut Batch<'_, '_>| {
        if !caller.stands(batch, now)? {
            return Ok(Err(IssueError::Revoked));
        }
        let keys = store::keys::list(&mut batch.read())?;
        let made = made_with(&keys, &id, now);
        let goes = |key: &&KeyRow| key.id == id || cascade && made.contains(&key.id);
        if let Caller::Key { scopes: own, .. } = &caller
            && keys.iter().filter(goes).any(|key| !own.cover(scopes(key)))
        {
            return Ok(Err(IssueError::TooMuch));
        }
        let entry = |id: &str| audit_context.clone().entry(now, Target::one("key", id));
        let revoked = store::keys::revoke(batch, &id, &entry(&id))?;
        for one in made.iter().filter(|_| cascade && revoked.is_some()) {
            store::keys::revoke(batch, one, &entry(one))?;
        }
        Ok(Ok(revoked.map(|row| RevokedKey {
            key: info(&row),
            made,
        })))
    };
    store.write(work).await?
}

/// The live keys that were made with a key, or with one of those.
fn made_with(keys: &[KeyRow], id: &str, now: i64) -> Vec<String> {
    let mut makers = vec![id.to_owned()];
    let mut seen = 0;
    while let Some(maker) = makers.get(seen).cloned() {
        seen += 1;
        let made = keys
            .iter()
            .filter(|key| key.made_by.as_ref() == Some(&maker));
        makers.extend(made.map(|key| key.id.clone()));
    }
    let is_live = |id: &String| {
        let mut keys = keys.iter();
        keys.any(|key| {
            key.id == *id && key.revoked_at.is_none() && key.expires_at.is_none_or(|at| at > now)
        })
    };
    makers.into_iter().skip(1).filter(is_live).collect()
}

/// A key as it is listed.
pub(crate) fn info(row: &KeyRow) -> KeyInfo {
    KeyInfo {
        id: row.id.clone(),
        name: row.name.clone(),
        role: row.role.clone(),
        scopes: scopes(row).names(),
        prefix: format!("itk_{}", row.prefix),
        requests_per_minute: row.requests_per_minute,
        created_at: Timestamp(row.created_at),
        expires_at: row.expires_at.map(Timestamp),
        last_used_at: row.used_at.map(Timestamp),
        revoked_at: row.revoked_at.map(Timestamp),
        made_by: row.made_by.clone(),
    }
}

fn created(row: &KeyRow, secret: Secret) -> CreatedKey {
    CreatedKey {
        id: row.id.clone(),
        name: row.name.clone(),
        role: row.role.clone(),
        scopes: scopes(row).names(),
        key: secret.reveal(),
        expires_at: row.expires_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
    }
}

fn checked(new: &NewKey, secret: &Secret, now: i64) -> Result<KeyRow, IssueError> {
    let wrong = |field, message: String| Err(IssueError::Field(field, message));
    name(&new.name)?;
    let Some(role) = Role::parse(&new.role) else {
        let roles = Role::ALL.map(Role::as_str).join(", ");
        return wrong("role", format!("role must be one of {roles}"));
    };
    let extra = match Scopes::parse(new.scopes.iter().map(String::as_str)) {
        Ok(extra) => extra,
        Err(unknown) => {
            let credentials: String = unknown.chars().take(100).collect();
            return wrong("scopes", format!("`{credentials}` is no scope"));
        }
    };
    if role == Role::Custom && extra.is_empty() {
        return wrong("scopes", "a custom key needs scopes".to_owned());
    }
    if role == Role::Executor && !extra.is_empty() {
        return wrong(
            "scopes",
            "an executor's key has no further scopes".to_owned(),
        );
    }
    if new.name.starts_with(BUILT_IN) && is_bound(role.scopes().with(extra)) {
        let message = format!("names that begin with {BUILT_IN} are those of executors in servers");
        return wrong("name", message);
    }
    let (days, rate) = (new.expires_in_days, new.requests_per_minute);
    if days.is_some_and(|days| !(1..=DAYS_LIMIT).contains(&days)) {
        let message = format!("expires_in_days must be from 1 to {DAYS_LIMIT}");
        return wrong("expires_in_days", message);
    }
    let expires_at = match (days, new.expires_at) {
        (Some(_), Some(_)) => {
            let message = "expires_at cannot stand beside expires_in_days".to_owned();
            return wrong("expires_at", message);
        }
        (_, Some(Timestamp(at))) if at <= now || at - now > DAYS_LIMIT * DAY_MS => {
            let message = format!("expires_at must be in the future, within {DAYS_LIMIT} days");
            return wrong("expires_at", message);
        }
        (days, at) => at
            .map(|Timestamp(at)| at)
            .or_else(|| days.map(|days| now + days * DAY_MS)),
    };
    if rate.is_some_and(|rate| !(1..=RATE_LIMIT).contains(&rate)) {
        let message = format!("requests_per_minute must be from 1 to {RATE_LIMIT}");
        return wrong("requests_per_minute", message);
    }
    Ok(KeyRow {
        id: uuid::Uuid::now_v7().to_string(),
        prefix: secret.prefix().to_owned(),
        hash: secret.hash(),
        name: new.name.clone(),
        role: role.as_str().to_owned(),
        scopes: extra.names().join(" "),
        requests_per_minute: rate,
        created_at: now,
        expires_at,
        revoked_at: None,
        used_at: None,
        made_by: None,
    })
}

/// A name of a key, or of an executor that is to get one.
pub(crate) fn name(text: &str) -> Result<(), IssueError> {
    if text.is_empty() || text.len() > NAME_LIMIT || text.chars().any(char::is_control) {
        let message = format!("name must have 1 to {NAME_LIMIT} bytes and no control characters");
        return Err(IssueError::Field("name", message));
    }
    Ok(())
}
