//! Executors join: a token of an admin's is traded, once, for a key of the executor's own.

use store::{
    Batch, Store,
    audit::{AuditEntry, Target},
    keys::{KeyRow, NewKey},
};
use wire::{
    Timestamp,
    keys::{JoinToken, NewJoinToken},
};

use super::{
    Caller,
    issue_error::{IssueError, made},
    key::{is_bound, least, scopes},
    role::Role,
    tickets::{self, Purpose, Ticket},
};
use crate::{audit::AuditContext, clock::millis};

const MINUTES_LIMIT: i64 = 24 * 60;
const MINUTE_MS: i64 = 60_000;

/// Makes a token with which one executor joins. `issuer` is the id of the caller's key, if it has one: the
/// token is void once that key is.
pub(crate) async fn join_token(
    store: &Store,
    caller: Caller,
    issuer: &str,
    new: &NewJoinToken,
    audit_context: AuditContext,
    now: i64,
) -> Result<JoinToken, IssueError> {
    let minutes = new.expires_in_minutes;
    if minutes.is_some_and(|minutes| !(1..=MINUTES_LIMIT).contains(&minutes)) {
        let message = format!("expires_in_minutes must be from 1 to {MINUTES_LIMIT}");
        return Err(IssueError::Field("expires_in_minutes", message));
    }
    match caller {
        // The key that it would become would be the first.
        Caller::First => return Err(IssueError::First),
        Caller::Key { scopes, .. } if !scopes.cover(Role::Executor.scopes()) => {
            return Err(IssueError::TooMuch);
        }
        _ => {}
    }
    let life_ms = minutes.map_or_else(
        || millis(Purpose::Join.life()),
        |minutes| minutes * MINUTE_MS,
    );
    let until = now.saturating_add(life_ms);
    let entry = audit_context.entry(now, Target::one("key", issuer));
    let ticket = Ticket::issue_until(store, Purpose::Join, issuer, until, Some(entry)).await?;
    Ok(JoinToken {
        token: ticket.secret.reveal(),
        expires_at: Timestamp(ticket.expires_at),
    })
}

/// A request with a token to join with.
pub(super) struct Join<'a> {
    pub(super) token: &'a str,
    /// See [`Caller::Join`].
    pub(super) at_work_since: i64,
}

impl Join<'_> {
    /// Makes a key for the token, within a transaction. A token whose key was refused is still good.
    pub(super) fn add(
        &self,
        batch: &mut Batch<'_, '_>,
        mut key: NewKey,
        entry: &AuditEntry,
        now: i64,
    ) -> Result<Result<KeyRow, IssueError>, store::Error> {
        let Some(ticket) = tickets::take(batch, Purpose::Join, self.token, now)? else {
            return Ok(Err(IssueError::Token));
        };
        let mut maker = "the operator".to_owned();
        if !ticket.subject.is_empty() {
            let Some(issuer) = store::keys::live(batch, &ticket.subject, now)? else {
                return Ok(Err(IssueError::Token));
            };
            maker = format!("{} ({})", issuer.id, issuer.name);
            key.row.expires_at = least(key.row.expires_at, issuer.expires_at);
            let rate = least(key.row.requests_per_minute, issuer.requests_per_minute);
            key.row.requests_per_minute = rate;
            key.row.made_by = Some(issuer.id);
        }
        let added = if self.is_at_work(batch, &key.row.name)? {
            Err(IssueError::AtWork)
        } else {
            let detail = format!("{}, with a token of {maker}", entry.detail);
            made(store::keys::add(
                batch,
                &key,
                &entry.clone().detail(detail),
            )?)
        };
        if added.is_err() {
            tickets::put_back(batch, Purpose::Join, self.token, &ticket)?;
        }
        Ok(added.map(|()| key.row))
    }

    /// Whether there is an executor of this name that never had a key of its own, so that no key says who
    /// it is. A key with its name would hold its leases.
    fn is_at_work(&self, batch: &mut Batch<'_, '_>, name: &str) -> Result<bool, store::Error> {
        let keys = store::keys::named(batch, name)?;
        let had_a_key = keys.iter().any(|key| is_bound(scopes(key)));
        Ok(!had_a_key && store::executors::is_at_work(batch, name, self.at_work_since)?)
    }
}
