//! Hooks of single runs, which come with them.

use std::collections::BTreeMap;

use engine::RunId;

use super::hook::encode;
use crate::{
    Error, Read,
    driver::{Tx, Value},
    events::extent,
};

/// Where the events of one run are sent.
#[derive(Clone, Debug)]
pub struct RunHook {
    /// Where it is sent to.
    pub url: String,
    /// The key that submits the run.
    pub owner: String,
    /// Sent with every delivery.
    pub headers: BTreeMap<String, String>,
    /// Which types.
    pub events: Vec<String>,
    /// What deliveries are signed with, if they are; sealed by the time it is written.
    pub secret: Option<String>,
    /// Attempts of one delivery, if fewer than its time allows.
    pub max_attempts: Option<i64>,
}

/// Writes the hooks of new runs. Their events come after it, so they have higher numbers than those
/// that are there now.
pub(crate) fn insert_of_runs(
    tx: &mut Tx<'_>,
    hooks: &[(RunId, &RunHook, i64)],
) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO hooks (id, run_id, url, owner, headers, events, description,
        secret, max_attempts, created_at, seen_seq, next_number, paused_until, failures)
        VALUES ($1, $2, $3, $4, $5, $6, '', $7, $8, $9, $10, 1, 0, 0)";
    if hooks.is_empty() {
        return Ok(());
    }
    let newest = extent(&mut Read { tx })?.newest;
    let texts: Vec<[String; 3]> = hooks
        .iter()
        .map(|(run, hook, _)| {
            let headers = serde_json::to_string(&hook.headers).unwrap_or_default();
            [run.to_string(), headers, encode(&hook.events)]
        })
        .collect();
    let rows: Vec<[Value<'_>; 10]> = hooks
        .iter()
        .zip(&texts)
        .map(|((run, hook, now), [id, headers, events])| {
            [
                id.into(),
                run.into(),
                (&hook.url).into(),
                (&hook.owner).into(),
                headers.into(),
                events.into(),
                hook.secret.as_ref().into(),
                hook.max_attempts.into(),
                (*now).into(),
                newest.into(),
            ]
        })
        .collect();
    tx.exec_many(INSERT, &rows).map(drop)
}
