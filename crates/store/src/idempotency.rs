//! What was answered under the keys of requests that may be repeated.

use crate::{
    Error,
    driver::{Tx, args},
};

/// A key that a caller gave for a request, and the hash of its body.
pub type IdempotencyKey = (String, Vec<u8>);

/// What was answered under this key before: opaque here.
pub(crate) fn recall(
    tx: &mut Tx<'_>,
    key: &str,
    hash: &[u8],
) -> Result<Option<Result<Vec<u8>, Error>>, Error> {
    const RECALL: &str = "SELECT body_hash, answer FROM idempotency_keys WHERE key = $1";
    let before = tx.first(RECALL, args![key], |row| Ok((row.bytes(0)?, row.bytes(1)?)))?;
    Ok(before.map(|(before, answer)| match before == hash {
        true => Ok(answer),
        false => Err(Error::KeyReused),
    }))
}

/// Writes the answer down, or answers what another request wrote under the key meanwhile.
pub(crate) fn remember(
    tx: &mut Tx<'_>,
    (key, hash): (&str, &[u8]),
    answer: &[u8],
    now: i64,
) -> Result<Option<Result<Vec<u8>, Error>>, Error> {
    const REMEMBER: &str = "INSERT INTO idempotency_keys (key, body_hash, answer, created_at)
        VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO NOTHING";
    if tx.exec(REMEMBER, args![key, hash, answer, now])? > 0 {
        return Ok(None);
    }
    match recall(tx, key, hash)? {
        Some(answer) => Ok(Some(answer)),
        None => Err(Error::Conflict(
            "an idempotency key was removed meanwhile".to_owned(),
        )),
    }
}
