//! What steps of executions ask people, and what they answered. Whoever changes an approval has locked its run,
//! so that answers come one after the other, and none after the end of the run.

mod status;

use engine::{Holder, Run, RunId};
use serde_json::Value;

use crate::{
    Batch, Error, Read,
    driver::{Row, args},
    runs,
};
pub use status::ApprovalStatus;

/// An approval that a step asks for.
#[derive(Clone, Debug)]
pub struct NewApproval {
    /// Its id, if it is not asked for already.
    pub id: RunId,
    /// The part that asks, and which try of it: asked again, it is the same approval.
    pub part: i64,
    /// See `part`.
    pub tries: i64,
    /// What is asked, of whom; opaque here.
    pub question: Vec<u8>,
    /// When its time is over, epoch milliseconds.
    pub due_at: Option<i64>,
    /// What the event says of it.
    pub event: Value,
}

/// An approval with its answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApprovalRow {
    /// Its id.
    pub id: RunId,
    /// The execution that asks.
    pub run: RunId,
    /// See [`NewApproval`].
    pub part: i64,
    /// See [`NewApproval`].
    pub tries: i64,
    /// See [`NewApproval`].
    pub question: Vec<u8>,
    /// Where it stands.
    pub status: ApprovalStatus,
    /// Epoch milliseconds.
    pub asked_at: i64,
    /// Epoch milliseconds.
    pub due_at: Option<i64>,
    /// Epoch milliseconds.
    pub ended_at: Option<i64>,
    /// In their order.
    pub answers: Vec<AnswerRow>,
}

/// What one caller answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRow {
    /// The id of the caller's key, or a word for a caller without one.
    pub actor: String,
    /// The name of the key; empty without one.
    pub actor_name: String,
    /// The answer; opaque here.
    pub body: Vec<u8>,
    /// Epoch milliseconds.
    pub at: i64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT approvals.id, approvals.run_id, part, tries, question, approvals.status,
            asked_at, approvals.due_at, approvals.ended_at FROM approvals ",
            $rest
        )
    };
}

/// Asks, if this try of the part has not asked before, and tells so. The holder of the run's lease asks.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Rejected`], or the database's.
pub fn ask(
    batch: &mut Batch<'_, '_>,
    run: RunId,
    holder: &Holder,
    new: &NewApproval,
    now: i64,
) -> Result<ApprovalRow, Error> {
    const ASK: &str = "INSERT INTO approvals
        (id, run_id, part, tries, question, status, asked_at, due_at)
        VALUES ($1, $2, $3, $4, $5, 'open', $6, $7)";
    let run = runs::hold(batch, run, holder, "ask")?;
    if let Some(known) = of_part(&mut batch.read(), run.id, new.part, new.tries)? {
        return Ok(known);
    }
    let args = args![
        &new.id,
        &run.id,
        new.part,
        new.tries,
        &new.question,
        now,
        new.due_at
    ];
    batch.tx.exec(ASK, args)?;
    batch.tell_of(&run, "approval_requested", new.event.clone(), now);
    let known = find(&mut batch.read(), new.id)?;
    known.ok_or_else(|| Error::Corrupt("an approval that was inserted has no row".to_owned()))
}

/// What this try of a part asked for.
///
/// # Errors
/// The database's.
pub fn of_part(
    read: &mut Read<'_, '_>,
    run: RunId,
    part: i64,
    tries: i64,
) -> Result<Option<ApprovalRow>, Error> {
    const OF_PART: &str = select!("WHERE run_id = $1 AND part = $2 AND tries = $3");
    let found = read.tx.first(OF_PART, args![&run, part, tries], approval)?;
    found.map(|found| with_answers(read, found)).transpose()
}

/// One approval.
///
/// # Errors
/// The database's.
pub fn find(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<ApprovalRow>, Error> {
    const FIND: &str = select!("WHERE id = $1");
    let found = read.tx.first(FIND, args![&id], approval)?;
    found.map(|found| with_answers(read, found)).transpose()
}

/// One approval and its run, which nothing else changes until the end of the transaction.
///
/// # Errors
/// The database's.
pub fn lock(batch: &mut Batch<'_, '_>, id: RunId) -> Result<Option<(ApprovalRow, Run)>, Error> {
    let Some(found) = find(&mut batch.read(), id)? else {
        return Ok(None);
    };
    let run = runs::lock(batch, found.run)?;
    // Another answer may have come while the lock was waited for.
    Ok(find(&mut batch.read(), id)?.map(|found| (found, run)))
}

/// Approvals that can be answered, newest first: of one execution if it is given, below an id, at most `limit`.
///
/// # Errors
/// The database's.
pub fn open(
    read: &mut Read<'_, '_>,
    run: Option<RunId>,
    below: Option<RunId>,
    limit: i64,
) -> Result<Vec<ApprovalRow>, Error> {
    const OPEN: &str = select!(
        "JOIN runs ON runs.id = approvals.run_id
        WHERE approvals.ended_at IS NULL AND runs.ended_at IS NULL AND approvals.id < $1
        ORDER BY approvals.id DESC LIMIT $2"
    );
    const OPEN_OF: &str = select!(
        "JOIN runs ON runs.id = approvals.run_id
        WHERE approvals.ended_at IS NULL AND runs.ended_at IS NULL AND approvals.id < $1
        AND approvals.run_id = $3 ORDER BY approvals.id DESC LIMIT $2"
    );
    let below = below.unwrap_or(RunId::from_bytes([u8::MAX; 16]));
    let found = match run {
        Some(run) => read.tx.all(OPEN_OF, args![&below, limit, &run], approval)?,
        None => read.tx.all(OPEN, args![&below, limit], approval)?,
    };
    let found = found.into_iter();
    found.map(|found| with_answers(read, found)).collect()
}

/// Adds an answer, and tells so. The approval is locked.
///
/// # Errors
/// The database's.
pub fn answer(
    batch: &mut Batch<'_, '_>,
    (to, run): (&ApprovalRow, &Run),
    answer: &AnswerRow,
    event: Value,
) -> Result<(), Error> {
    const ANSWER: &str = "INSERT INTO approval_answers
        (approval, number, actor, actor_name, body, at) VALUES ($1, $2, $3, $4, $5, $6)";
    let number = i64::try_from(to.answers.len()).unwrap_or(i64::MAX);
    let AnswerRow {
        actor,
        actor_name,
        body,
        at,
    } = answer;
    let args = args![&to.id, number, actor, actor_name, body, *at];
    batch.tx.exec(ANSWER, args)?;
    batch.tell_of(run, "approval_answered", event, *at);
    Ok(())
}

/// Ends an approval, which is locked and open.
///
/// # Errors
/// The database's.
pub fn end(
    batch: &mut Batch<'_, '_>,
    id: RunId,
    status: ApprovalStatus,
    now: i64,
) -> Result<(), Error> {
    const END: &str = "UPDATE approvals SET status = $2, ended_at = $3
        WHERE id = $1 AND ended_at IS NULL";
    batch
        .tx
        .exec(END, args![&id, status.as_str(), now])
        .map(drop)
}

/// Withdraws what a part of a run asked for before this try. The run is locked.
///
/// # Errors
/// The database's.
pub fn withdraw(
    batch: &mut Batch<'_, '_>,
    run: RunId,
    (part, before): (i64, i64),
    now: i64,
) -> Result<(), Error> {
    const WITHDRAW: &str = "UPDATE approvals SET status = 'withdrawn', ended_at = $3
        WHERE run_id = $1 AND part = $2 AND tries < $4 AND ended_at IS NULL";
    batch
        .tx
        .exec(WITHDRAW, args![&run, part, now, before])
        .map(drop)
}

/// Withdraws everything that a run asked for: it goes back, and asks again. The run is locked.
///
/// # Errors
/// The database's.
pub fn withdraw_all(batch: &mut Batch<'_, '_>, run: RunId, now: i64) -> Result<(), Error> {
    const WITHDRAW: &str = "UPDATE approvals SET status = 'withdrawn', ended_at = $2
        WHERE run_id = $1 AND ended_at IS NULL";
    batch.tx.exec(WITHDRAW, args![&run, now]).map(drop)
}

/// Ends an approval whose time is over, and tells so. The run is locked.
///
/// # Errors
/// The database's.
pub fn expire(
    batch: &mut Batch<'_, '_>,
    row: &ApprovalRow,
    status: ApprovalStatus,
    event: Value,
    now: i64,
) -> Result<(), Error> {
    let run = runs::run(&mut batch.read(), row.run)?;
    end(batch, row.id, status, now)?;
    batch.tell_of(&run, "approval_answered", event, now);
    Ok(())
}

fn with_answers(read: &mut Read<'_, '_>, found: ApprovalRow) -> Result<ApprovalRow, Error> {
    const ANSWERS: &str = "SELECT actor, actor_name, body, at FROM approval_answers
        WHERE approval = $1 ORDER BY number";
    let answers = read.tx.all(ANSWERS, args![&found.id], |row| {
        Ok(AnswerRow {
            actor: row.text(0)?,
            actor_name: row.text(1)?,
            body: row.bytes(2)?,
            at: row.int(3)?,
        })
    })?;
    Ok(ApprovalRow { answers, ..found })
}

fn approval(row: &Row<'_>) -> Result<ApprovalRow, Error> {
    Ok(ApprovalRow {
        id: row.run_id(0)?,
        run: row.run_id(1)?,
        part: row.int(2)?,
        tries: row.int(3)?,
        question: row.bytes(4)?,
        status: row.name(5)?,
        asked_at: row.int(6)?,
        due_at: row.opt_int(7)?,
        ended_at: row.opt_int(8)?,
        answers: Vec::new(),
    })
}
