//! The runs that new ones are to belong to.

use std::collections::BTreeSet;

use engine::{Change, RunId};

use super::{
    row,
    submit::{Submission, Submit},
};
use crate::{Error, driver::Tx};

/// Why the submit's runs cannot belong to those that they name. Parents stay as they are until the
/// end of the transaction: a cancel waits, and then finds its new children.
pub(super) fn refusal(
    tx: &mut Tx<'_>,
    submit: &Submit,
    fresh: &[(&Submission, Change, i64)],
) -> Result<Option<Error>, Error> {
    let mut parents: BTreeSet<RunId> = submit
        .runs
        .iter()
        .filter_map(|submission| submission.run.parent)
        .collect();
    if parents.is_empty() {
        return Ok(None);
    }
    // What comes into being together is live.
    for submission in &submit.runs {
        parents.remove(&submission.run.id);
    }
    for (_, change, _) in fresh {
        parents.remove(&change.run.id);
    }
    let parents: Vec<RunId> = parents.into_iter().collect();
    let found = row::lock(tx, &parents)?;
    let refused = parents.iter().zip(found).find_map(|(id, run)| match run {
        None => Some(Error::NotFound(*id)),
        Some(run) if run.is_cancelled() => Some(Error::CalledOff(*id)),
        Some(_) => None,
    });
    Ok(refused)
}
