//! Runs come into being, many in one statement.

use std::collections::{BTreeMap, HashMap};

use engine::{Change, NewRun, RunId, submit};

use super::{parents, row};
use crate::{
    Batch, Error, Read,
    audit::AuditEntry,
    blobs,
    driver::{Tx, Value},
    hooks::{self, RunHook},
    idempotency,
};

/// One run to be submitted, with what it works on.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The run.
    pub run: NewRun,
    /// What it works on, as its contract wrote it.
    pub input: Vec<u8>,
    /// What its submitter calls it: names and values.
    pub labels: BTreeMap<String, String>,
    /// The uploads that it needs, by their hashes.
    pub blobs: Vec<String>,
    /// Where its events are sent, if anywhere.
    pub hook: Option<RunHook>,
}

impl Submission {
    /// A run without labels, uploads and hook.
    pub fn new(run: NewRun, input: impl Into<Vec<u8>>) -> Self {
        Self {
            run,
            input: input.into(),
            labels: BTreeMap::new(),
            blobs: Vec::new(),
            hook: None,
        }
    }
}

/// Runs that are submitted together: all or none.
#[derive(Clone, Debug)]
pub struct Submit {
    /// The runs.
    pub runs: Vec<Submission>,
    /// Key and hash of the request body, when the caller may repeat it.
    pub idempotency: Option<(String, Vec<u8>)>,
    /// Who asks for it, if the audit is to have it.
    pub entry: Option<Box<AuditEntry>>,
    /// See [`engine::sort_key`].
    pub aging_step_ms: i64,
    /// Epoch milliseconds.
    pub now: i64,
}

impl Submit {
    /// A request that is not repeated and has no entry in the audit.
    pub fn new(runs: impl IntoIterator<Item = Submission>, aging_step_ms: i64, now: i64) -> Self {
        Self {
            runs: runs.into_iter().collect(),
            idempotency: None,
            entry: None,
            aging_step_ms,
            now,
        }
    }
}

/// Answer to a [`Submit`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submitted {
    /// Ids of the runs, in the order of the request. On a repetition those of the first time.
    pub ids: Vec<RunId>,
    /// True when the same request was made before and nothing was submitted now.
    pub repeated: bool,
}

/// What a submit with this key was answered before, if there was one.
///
/// # Errors
/// [`Error::KeyReused`] when its body was another one. The database's.
pub fn repeated(
    read: &mut Read<'_, '_>,
    key: &str,
    hash: &[u8],
) -> Result<Option<Submitted>, Error> {
    recall(read.tx, key, hash)?.transpose()
}

/// Serves all waiting submits.
pub(crate) fn submit_all(
    batch: &mut Batch<'_, '_>,
    submits: &[&Submit],
) -> Result<Vec<Result<Submitted, Error>>, Error> {
    let mut answers = Vec::with_capacity(submits.len());
    let mut fresh: Vec<(&Submission, Change, i64)> = Vec::new();
    for submit in submits {
        let (answer, runs) = admit(batch.tx, submit, &fresh)?;
        if runs {
            for submission in &submit.runs {
                let change = engine_submit(submission, submit);
                fresh.push((submission, change, submit.now));
            }
            if let Some(entry) = &submit.entry {
                batch.record(entry);
            }
        }
        answers.push(answer);
    }
    let runs: Vec<_> = fresh.iter().map(|(_, change, _)| &change.run).collect();
    row::insert(batch.tx, &runs)?;
    insert_inputs(batch.tx, &fresh)?;
    insert_labels(batch.tx, &fresh)?;
    let hooks: Vec<_> = fresh
        .iter()
        .filter_map(|(one, change, now)| Some((change.run.id, one.hook.as_ref()?, *now)))
        .collect();
    hooks::insert_of_runs(batch.tx, &hooks)?;
    for (_, change, now) in &fresh {
        batch.note(None, change, *now);
    }
    Ok(answers)
}

fn engine_submit(submission: &Submission, request: &Submit) -> Change {
    submit(submission.run.clone(), request.aging_step_ms, request.now)
}

/// Whether the submit's runs are to be inserted, and its answer.
fn admit(
    tx: &mut Tx<'_>,
    submit: &Submit,
    fresh: &[(&Submission, Change, i64)],
) -> Result<(Result<Submitted, Error>, bool), Error> {
    let ids: Vec<RunId> = submit
        .runs
        .iter()
        .map(|submission| submission.run.id)
        .collect();
    // A repetition gets the first answer, also when its runs have exclusive keys; a refused submit
    // leaves no key behind.
    if let Some((key, hash)) = &submit.idempotency
        && let Some(answer) = recall(tx, key, hash)?
    {
        return Ok((answer, false));
    }
    if let Some((key, run)) = taken_key(tx, submit, fresh)? {
        return Ok((Err(Error::Exclusive { key, run }), false));
    }
    if let Some(refusal) = parents::refusal(tx, submit, fresh)? {
        return Ok((Err(refusal), false));
    }
    if let Some((key, hash)) = &submit.idempotency
        && let Some(answer) = remember(tx, key, hash, &ids, submit.now)?
    {
        return Ok((answer, false));
    }
    Ok((
        Ok(Submitted {
            ids,
            repeated: false,
        }),
        true,
    ))
}

/// The first exclusive key of the submit that a live run has, and the run.
fn taken_key(
    tx: &mut Tx<'_>,
    submit: &Submit,
    fresh: &[(&Submission, Change, i64)],
) -> Result<Option<(String, RunId)>, Error> {
    let mut seen: HashMap<&str, RunId> = fresh
        .iter()
        .filter_map(|(_, Change { run, .. }, _)| Some((run.exclusive_key.as_deref()?, run.id)))
        .collect();
    for submission in &submit.runs {
        let Some(key) = submission.run.exclusive_key.as_deref() else {
            continue;
        };
        let taken = match seen.get(key) {
            Some(run) => Some(*run),
            None => row::of_key(tx, key)?,
        };
        if let Some(run) = taken {
            return Ok(Some((key.to_owned(), run)));
        }
        seen.insert(key, submission.run.id);
    }
    Ok(None)
}

/// What was answered under this key before.
fn recall(
    tx: &mut Tx<'_>,
    key: &str,
    hash: &[u8],
) -> Result<Option<Result<Submitted, Error>>, Error> {
    let before = idempotency::recall(tx, key, hash)?;
    Ok(before.map(|answer| answer.map(|packed| repetition(&packed))))
}

/// Writes the key down, or answers what another request wrote under it meanwhile.
fn remember(
    tx: &mut Tx<'_>,
    key: &str,
    hash: &[u8],
    ids: &[RunId],
    now: i64,
) -> Result<Option<Result<Submitted, Error>>, Error> {
    let packed: Vec<u8> = ids.iter().flat_map(|id| *id.as_bytes()).collect();
    let before = idempotency::remember(tx, (key, hash), &packed, now)?;
    Ok(before.map(|answer| answer.map(|packed| repetition(&packed))))
}

/// The answer of the first time.
fn repetition(packed: &[u8]) -> Submitted {
    let ids = packed
        .chunks_exact(16)
        .filter_map(|bytes| bytes.try_into().ok());
    Submitted {
        ids: ids.map(RunId::from_bytes).collect(),
        repeated: true,
    }
}

fn insert_labels(tx: &mut Tx<'_>, fresh: &[(&Submission, Change, i64)]) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO run_labels (run_id, name, value) VALUES ($1, $2, $3)";
    let labels = fresh.iter().flat_map(|(submission, change, _)| {
        let labels = submission.labels.iter();
        labels.map(|(name, value)| [(&change.run.id).into(), name.into(), value.into()])
    });
    let rows: Vec<[Value<'_>; 3]> = labels.collect();
    tx.exec_many(INSERT, &rows).map(drop)
}

fn insert_inputs(tx: &mut Tx<'_>, fresh: &[(&Submission, Change, i64)]) -> Result<(), Error> {
    const INSERT: &str = "INSERT INTO inputs (run_id, body) VALUES ($1, $2)";
    let rows: Vec<[Value<'_>; 2]> = fresh
        .iter()
        .map(|(submission, change, _)| [(&change.run.id).into(), (&submission.input).into()])
        .collect();
    tx.exec_many(INSERT, &rows)?;
    let named: Vec<(&RunId, &str, i64)> = fresh
        .iter()
        .flat_map(|(submission, change, now)| {
            let blobs = submission.blobs.iter();
            blobs.map(|sha256| (&change.run.id, sha256.as_str(), *now))
        })
        .collect();
    blobs::name(tx, &named)
}
