//! What programs print while they run: chunks in the order of their arrival, the middle dropped
//! when there is too much.

use engine::{Holder, RunId, Status};

use crate::{Batch, Error, Read, runs::attempt_of, seam::args};

/// What is kept of one run's output, in bytes. Half of it is the beginning.
pub const LOG_LIMIT_BYTES: i64 = 16 << 20;

/// A chunk that an executor sends.
#[derive(Clone, Debug)]
pub struct Append {
    /// The run.
    pub id: RunId,
    /// Who says that it holds the lease under which it was printed.
    pub holder: Holder,
    /// Name of the stream.
    pub stream: &'static str,
    /// Position of the first byte in this attempt's stream.
    pub position: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// A chunk as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its number within the run, from 1.
    pub seq: i64,
    /// Which start of the run printed it.
    pub attempt: i64,
    /// Name of the stream.
    pub stream: String,
    /// Position of the first byte in that attempt's stream.
    pub position: i64,
    /// The bytes.
    pub body: Vec<u8>,
}

/// Stores a chunk. What was stored before is not stored again; what was left out leaves a gap.
///
/// # Errors
/// [`Error::NotFound`] when the run does not exist or the lease is not the current one, or the
/// database's.
pub fn append(batch: &mut Batch<'_, '_>, chunk: &Append) -> Result<(), Error> {
    const NEXT: &str =
        "SELECT next FROM log_positions WHERE run_id = $1 AND attempt = $2 AND stream = $3";
    const MOVE: &str = "INSERT INTO log_positions (run_id, attempt, stream, next)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (run_id, attempt, stream) DO UPDATE SET next = excluded.next";
    const INSERT: &str = "INSERT INTO logs (run_id, seq, attempt, stream, position, body)
        VALUES ($1, $2, $3, $4, $5, $6)";
    let attempt = holder_attempt(batch, chunk)?;
    let id = &chunk.id;
    let next = batch
        .tx
        .first(NEXT, args![id, attempt, chunk.stream], |row| row.int(0))?;
    let next = next.unwrap_or(0);
    let known = usize::try_from(next.saturating_sub(chunk.position)).unwrap_or(0);
    let Some(body) = chunk.body.get(known..).filter(|body| !body.is_empty()) else {
        return Ok(());
    };
    let position = chunk.position.max(next);
    let length = i64::try_from(body.len()).unwrap_or(i64::MAX);
    let seq = grow(batch, id, length)?;
    batch.tx.exec(
        INSERT,
        args![id, seq, attempt, chunk.stream, position, body],
    )?;
    let next = position.saturating_add(length);
    batch
        .tx
        .exec(MOVE, args![id, attempt, chunk.stream, next])?;
    batch.touch(chunk.id);
    Ok(())
}

/// Number of the attempt that the chunk's lease belongs to, if it is the current one.
fn holder_attempt(batch: &mut Batch<'_, '_>, chunk: &Append) -> Result<i64, Error> {
    let Some((status, starts, holds)) = attempt_of(batch.tx, chunk.id, &chunk.holder)? else {
        return Err(Error::NotFound(chunk.id));
    };
    if status != Status::Running || !holds {
        return Err(Error::Rejected(engine::Rejected {
            run: chunk.id,
            status,
            command: "log",
            not_holder: status == Status::Running,
        }));
    }
    Ok(starts)
}

/// Takes the next number, and drops the oldest chunks behind the beginning when there are too many.
fn grow(batch: &mut Batch<'_, '_>, id: &RunId, length: i64) -> Result<i64, Error> {
    const SIZE: &str =
        "SELECT next_seq, head_seq, stored_bytes FROM log_sizes WHERE run_id = $1 {lock}";
    const STORE: &str = "INSERT INTO log_sizes (run_id, next_seq, head_seq, stored_bytes)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (run_id) DO UPDATE SET next_seq = excluded.next_seq,
        head_seq = excluded.head_seq, stored_bytes = excluded.stored_bytes";
    const OLDEST: &str = "SELECT seq, position, body FROM logs
        WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT 1";
    const DROP: &str = "DELETE FROM logs WHERE run_id = $1 AND seq = $2";
    let size = batch.tx.first(SIZE, args![id], |row| {
        Ok((row.int(0)?, row.int(1)?, row.int(2)?))
    })?;
    let (seq, mut head_seq, mut stored) = size.unwrap_or((1, 0, 0));
    stored += length;
    if stored <= LOG_LIMIT_BYTES / 2 {
        head_seq = seq;
    }
    while stored > LOG_LIMIT_BYTES {
        let oldest = batch.tx.first(OLDEST, args![id, head_seq], |row| {
            Ok((row.int(0)?, row.bytes(2)?.len()))
        })?;
        let Some((oldest, bytes)) = oldest else { break };
        batch.tx.exec(DROP, args![id, oldest])?;
        stored -= i64::try_from(bytes).unwrap_or(i64::MAX);
    }
    batch.tx.exec(STORE, args![id, seq + 1, head_seq, stored])?;
    Ok(seq)
}

/// Up to `limit` chunks of a run after number `after`, in order; of one stream only when it is
/// given, of one attempt only when it is given.
///
/// # Errors
/// The database's.
pub fn after(
    read: &mut Read<'_, '_>,
    id: RunId,
    after: i64,
    stream: Option<&str>,
    attempt: Option<i64>,
    limit: i64,
) -> Result<Vec<Chunk>, Error> {
    const CHUNKS: &str = "SELECT seq, attempt, stream, position, body FROM logs
        WHERE run_id = $1 AND seq > $2 AND (CAST($3 AS TEXT) IS NULL OR stream = $3)
        AND (CAST($4 AS BIGINT) IS NULL OR attempt = $4) ORDER BY seq LIMIT $5";
    read.tx
        .all(CHUNKS, args![&id, after, stream, attempt, limit], |row| {
            Ok(Chunk {
                seq: row.int(0)?,
                attempt: row.int(1)?,
                stream: row.text(2)?,
                position: row.int(3)?,
                body: row.bytes(4)?,
            })
        })
}
