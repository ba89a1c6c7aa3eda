//! Questions that the server asks executors, and the pieces of their answers on the way to the caller who
//! asked: rows only while a question is open, so that each server of a database reaches every executor.

use engine::RunId;

use crate::{Batch, Error, Read, driver::args, executors};

/// A question on its way to an executor.
#[derive(Clone, Debug)]
pub struct NewQuestion {
    /// Its id.
    pub id: RunId,
    /// The executor that is asked.
    pub executor: String,
    /// The question, opaque here.
    pub body: Vec<u8>,
    /// Epoch milliseconds.
    pub now: i64,
}

/// What an executor sends of its answer.
#[derive(Clone, Debug)]
pub enum AnswerPart {
    /// The answer begins, or the executor is still at it.
    Alive,
    /// Bytes of the answer, with their number, from 1.
    Piece(i64, Vec<u8>),
    /// The answer is whole; or why there is none, or no more of it.
    End(Option<String>),
}

/// What has come of an answer since the caller last took it.
#[derive(Clone, Debug, Default)]
pub struct AnswerPieces {
    /// The pieces, in order.
    pub pieces: Vec<Vec<u8>>,
    /// When the executor was last heard of about it, epoch milliseconds.
    pub seen_at: Option<i64>,
    /// Whether it is whole, or why it is not.
    pub end: Option<Result<(), String>>,
}

/// Asks a question; false when no such executor has registered.
///
/// # Errors
/// The database's.
pub fn ask(batch: &mut Batch<'_, '_>, question: &NewQuestion) -> Result<bool, Error> {
    const ASK: &str =
        "INSERT INTO questions (id, executor, body, asked_at) VALUES ($1, $2, $3, $4)";
    if !executors::is_registered(&mut batch.read(), &question.executor)? {
        return Ok(false);
    }
    let NewQuestion {
        id,
        executor,
        body,
        now,
    } = question;
    batch.tx.exec(ASK, args![id, executor, body, *now])?;
    batch.signal(executor);
    Ok(true)
}

/// The questions that an executor has not begun to answer, oldest first.
///
/// # Errors
/// The database's.
pub fn open(read: &mut Read<'_, '_>, executor: &str) -> Result<Vec<(RunId, Vec<u8>)>, Error> {
    const OPEN: &str = "SELECT id, body FROM questions
        WHERE executor = $1 AND seen_at IS NULL ORDER BY asked_at, id";
    read.tx.all(OPEN, args![executor], |row| {
        Ok((row.run_id(0)?, row.bytes(1)?))
    })
}

/// Stores what an executor answers. Answers how many pieces wait for the caller who asked; `None` when the
/// answer is not wanted any more.
///
/// # Errors
/// The database's.
pub fn answer(
    batch: &mut Batch<'_, '_>,
    (id, executor): (RunId, &str),
    part: &AnswerPart,
    now: i64,
) -> Result<Option<i64>, Error> {
    const SEEN: &str = "UPDATE questions SET seen_at = $3, ended_at = $4, error = $5
        WHERE id = $1 AND executor = $2 AND ended_at IS NULL";
    const PIECE: &str = "INSERT INTO answers (question, number, body) VALUES ($1, $2, $3)";
    const WAITING: &str = "SELECT COUNT(*) FROM answers WHERE question = $1";
    let (ended_at, error) = match part {
        AnswerPart::End(error) => (Some(now), error.as_deref()),
        AnswerPart::Alive | AnswerPart::Piece(..) => (None, None),
    };
    let seen = args![&id, executor, now, ended_at, error];
    if batch.tx.exec(SEEN, seen)? == 0 {
        return Ok(None);
    }
    if let AnswerPart::Piece(number, body) = part {
        batch.tx.exec(PIECE, args![&id, *number, body])?;
    }
    batch.touch(id);
    batch.tx.first(WAITING, args![&id], |row| row.int(0))
}

/// How many pieces wait for the caller who asked; `None` when the answer is not wanted any more.
///
/// # Errors
/// The database's.
pub fn waiting(read: &mut Read<'_, '_>, id: RunId) -> Result<Option<i64>, Error> {
    const WAITING: &str = "SELECT (SELECT COUNT(*) FROM answers WHERE question = questions.id)
        FROM questions WHERE id = $1";
    read.tx.first(WAITING, args![&id], |row| row.int(0))
}

/// Takes what has come of an answer.
///
/// # Errors
/// The database's.
pub fn take(batch: &mut Batch<'_, '_>, id: RunId) -> Result<AnswerPieces, Error> {
    const TAKE: &str = "DELETE FROM answers WHERE question = $1 RETURNING number, body";
    const STATE: &str = "SELECT seen_at, ended_at, error FROM questions WHERE id = $1";
    let mut pieces = batch
        .tx
        .all(TAKE, args![&id], |row| Ok((row.int(0)?, row.bytes(1)?)))?;
    pieces.sort_unstable_by_key(|(number, _)| *number);
    if !pieces.is_empty() {
        batch.touch(id);
    }
    let state = batch.tx.first(STATE, args![&id], |row| {
        Ok((row.opt_int(0)?, row.opt_int(1)?, row.opt_text(2)?))
    })?;
    let gone = (None, Some(0), Some("it was forgotten".to_owned()));
    let (seen_at, ended_at, error) = state.unwrap_or(gone);
    Ok(AnswerPieces {
        pieces: pieces.into_iter().map(|(_, body)| body).collect(),
        seen_at,
        end: ended_at.map(|_| error.map_or(Ok(()), Err)),
    })
}

/// Forgets a question and its answer.
///
/// # Errors
/// The database's.
pub fn forget(batch: &mut Batch<'_, '_>, id: RunId) -> Result<(), Error> {
    batch
        .tx
        .exec("DELETE FROM answers WHERE question = $1", args![&id])?;
    batch
        .tx
        .exec("DELETE FROM questions WHERE id = $1", args![&id])?;
    batch.touch(id);
    Ok(())
}

/// Forgets questions that a server left behind: nothing was heard about them since `before`.
///
/// # Errors
/// The database's.
pub fn sweep(batch: &mut Batch<'_, '_>, before: i64) -> Result<(), Error> {
    const OLD: &str = "DELETE FROM questions WHERE COALESCE(seen_at, asked_at) < $1";
    const ORPHANS: &str = "DELETE FROM answers WHERE question NOT IN (SELECT id FROM questions)";
    if batch.tx.exec(OLD, args![before])? > 0 {
        batch.tx.exec(ORPHANS, args![])?;
    }
    Ok(())
}
