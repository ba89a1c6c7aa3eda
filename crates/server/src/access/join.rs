//! Executors join: a token of an admin's is traded, once, for a key of the executor's own.

use store::{
    Batch, Store,
    audit::{Act, Target},
    keys::{Added, NewKey},
};
use wire::{
    Timestamp,
    keys::{JoinToken, NewJoinToken},
};

use super::{
    issue::{Caller, IssueError},
    role::Role,
    tickets::{self, Purpose, Ticket},
};
use crate::{app::millis, audit::Asker};

const MINUTES_LIMIT: i64 = 24 * 60;
const MINUTE_MS: i64 = 60_000;

/// Makes a token with which one executor joins. `issuer` is the id of the caller's key, if it has one: the
/// token is void once that key is.
pub(crate) async fn join_token(
    store: &Store,
    caller: Caller,
    issuer: &str,
    new: &NewJoinToken,
    asker: Asker,
    now: i64,
) -> Result<JoinToken, IssueError> {
    let minutes = new.expires_in_minutes;
    if minutes.is_some_and(|minutes| !(1..=MINUTES_LIMIT).contains(&minutes)) {
        let message = format!("expires_in_minutes must be from 1 to {MINUTES_LIMIT}");
        return Err(IssueError::Field("expires_in_minutes", message));
    }
    match caller {
        // The key that it would become would be the first.
        Caller::Loopback => return Err(IssueError::First),
        Caller::Key(own) if !own.cover(Role::Executor.scopes()) => return Err(IssueError::TooMuch),
        _ => {}
    }
    let life_ms = minutes.map_or_else(
        || millis(Purpose::Join.life()),
        |minutes| minutes * MINUTE_MS,
    );
    let until = now.saturating_add(life_ms);
    let act = asker.act(now, Target::one("key", issuer));
    let ticket = Ticket::issue_until(store, Purpose::Join, issuer, until, Some(act)).await?;
    Ok(JoinToken {
        token: ticket.secret.reveal(),
        expires_at: Timestamp(ticket.expires_at),
    })
}

/// Makes a key for a token, within a transaction; `None` when the token is not good. A token whose key
/// was refused is still good.
pub(super) fn add(
    batch: &mut Batch<'_, '_>,
    token: &str,
    key: &NewKey,
    act: &Act,
    now: i64,
) -> Result<Option<Added>, store::Error> {
    let Some(ticket) = tickets::take(batch, Purpose::Join, token, now)? else {
        return Ok(None);
    };
    let issuer = &ticket.subject;
    if !issuer.is_empty() && !store::keys::is_live(batch, issuer, now)? {
        return Ok(None);
    }
    let added = store::keys::add(batch, key, act)?;
    if added != Added::Yes {
        tickets::put_back(batch, Purpose::Join, token, &ticket)?;
    }
    Ok(Some(added))
}
