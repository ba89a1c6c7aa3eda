//! What programs print while they run: chunks in the order of their arrival, the middle dropped
//! when there is too much.

use engine::{Holder, RunId, Status};

use crate::{
    Batch, Error, Read,
    driver::{Row, Tx, args},
    runs::attempt_of,
};

/// What is kept of one run's output, in bytes. Half of it is the beginning.
pub const LOG_LIMIT_BYTES: i64 = 16 << 20;

/// A larger chunk is stored in pieces of this size.
const PIECE_BYTES: usize = 256 << 10;

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

/// Stores a chunk. What was stored before is not stored again; what was left out leaves a gap. A parent that
/// has not ended gets it too, between what it printed itself.
///
/// # Errors
/// [`Error::NotFound`] when the run does not exist or the lease is not the current one, or the
/// database's.
pub fn append(batch: &mut Batch<'_, '_>, chunk: &Append) -> Result<(), Error> {
    const PARENT: &str = "SELECT id, starts FROM runs
        WHERE id = (SELECT parent FROM runs WHERE id = $1) AND ended_at IS NULL {lock}";
    let attempt = holder_attempt(batch, chunk)?;
    let mut place = LogPosition::read(batch.tx, chunk.id, attempt, chunk.stream)?;
    let known = usize::try_from(place.next.saturating_sub(chunk.position)).unwrap_or(0);
    let Some(body) = chunk.body.get(known..).filter(|body| !body.is_empty()) else {
        return Ok(());
    };
    place.next = chunk.position.max(place.next);
    let at = place.next.saturating_add(place.beside);
    place.next = place.next.saturating_add(as_int(body.len()));
    place.store(batch, at, body)?;
    let parent = batch.tx.first(PARENT, args![&chunk.id], |row| {
        Ok((row.run_id(0)?, row.int(1)?))
    })?;
    if let Some((parent, attempt)) = parent {
        let mut place = LogPosition::read(batch.tx, parent, attempt, chunk.stream)?;
        let at = place.next.saturating_add(place.beside);
        place.beside = place.beside.saturating_add(as_int(body.len()));
        place.store(batch, at, body)?;
    }
    Ok(())
}

/// How far a stream of an attempt has come.
struct LogPosition {
    id: RunId,
    attempt: i64,
    stream: &'static str,
    /// Bytes that it printed itself.
    next: i64,
    /// Bytes of its children between them.
    beside: i64,
}

impl LogPosition {
    fn read(tx: &mut Tx<'_>, id: RunId, attempt: i64, stream: &'static str) -> Result<Self, Error> {
        const PLACE: &str = "SELECT next, beside FROM log_positions
            WHERE run_id = $1 AND attempt = $2 AND stream = $3";
        let place = tx.first(PLACE, args![&id, attempt, stream], |row| {
            Ok((row.int(0)?, row.int(1)?))
        })?;
        let (next, beside) = place.unwrap_or_default();
        Ok(Self {
            id,
            attempt,
            stream,
            next,
            beside,
        })
    }

    /// Stores bytes that are shown from position `at` on, and the place as it is now.
    fn store(&self, batch: &mut Batch<'_, '_>, mut at: i64, body: &[u8]) -> Result<(), Error> {
        const MOVE: &str = "INSERT INTO log_positions (run_id, attempt, stream, next, beside)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (run_id, attempt, stream)
            DO UPDATE SET next = excluded.next, beside = excluded.beside";
        const INSERT: &str = "INSERT INTO logs (run_id, seq, attempt, stream, position, body)
            VALUES ($1, $2, $3, $4, $5, $6)";
        let Self {
            id,
            attempt,
            stream,
            next,
            beside,
        } = self;
        let mut size = Size::read(batch.tx, id)?;
        for piece in size.pieces(body) {
            let length = as_int(piece.len());
            let seq = size.add(batch.tx, id, length)?;
            batch
                .tx
                .exec(INSERT, args![id, seq, *attempt, *stream, at, piece])?;
            at = at.saturating_add(length);
        }
        size.write(batch.tx, id)?;
        batch
            .tx
            .exec(MOVE, args![id, *attempt, *stream, *next, *beside])?;
        batch.touch(*id);
        Ok(())
    }
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

/// How much of a run's output is stored.
struct Size {
    next_seq: i64,
    /// The last chunk of the beginning, which is never dropped.
    head_seq: i64,
    stored_bytes: i64,
}

impl Size {
    fn read(tx: &mut Tx<'_>, id: &RunId) -> Result<Self, Error> {
        const SIZE: &str =
            "SELECT next_seq, head_seq, stored_bytes FROM log_sizes WHERE run_id = $1 {lock}";
        let size = tx.first(SIZE, args![id], |row| {
            Ok(Self {
                next_seq: row.int(0)?,
                head_seq: row.int(1)?,
                stored_bytes: row.int(2)?,
            })
        })?;
        Ok(size.unwrap_or(Self {
            next_seq: 1,
            head_seq: 0,
            stored_bytes: 0,
        }))
    }

    fn write(&self, tx: &mut Tx<'_>, id: &RunId) -> Result<(), Error> {
        const STORE: &str = "INSERT INTO log_sizes (run_id, next_seq, head_seq, stored_bytes)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (run_id) DO UPDATE SET next_seq = excluded.next_seq,
            head_seq = excluded.head_seq, stored_bytes = excluded.stored_bytes";
        let Self {
            next_seq,
            head_seq,
            stored_bytes,
        } = *self;
        tx.exec(STORE, args![id, next_seq, head_seq, stored_bytes])
            .map(drop)
    }

    /// A body cut where the beginning is full, and behind that so small that a drop leaves the end
    /// nearly as long as it may be.
    fn pieces<'body>(&self, body: &'body [u8]) -> impl Iterator<Item = &'body [u8]> + use<'body> {
        let room = usize::try_from(LOG_LIMIT_BYTES / 2 - self.stored_bytes).unwrap_or(0);
        let (head, rest) = body.split_at(room.min(body.len()));
        let head = (!head.is_empty()).then_some(head);
        head.into_iter().chain(rest.chunks(PIECE_BYTES))
    }

    /// Takes the next number for so many bytes, and drops the oldest chunks behind the beginning when
    /// there are too many.
    fn add(&mut self, tx: &mut Tx<'_>, id: &RunId, length: i64) -> Result<i64, Error> {
        const OLDEST: &str = "SELECT seq, CAST(length(body) AS BIGINT) FROM logs
            WHERE run_id = $1 AND seq > $2 ORDER BY seq LIMIT 1";
        const DROP: &str = "DELETE FROM logs WHERE run_id = $1 AND seq = $2";
        let seq = self.next_seq;
        self.next_seq += 1;
        self.stored_bytes += length;
        if self.stored_bytes <= LOG_LIMIT_BYTES / 2 {
            self.head_seq = seq;
        }
        while self.stored_bytes > LOG_LIMIT_BYTES {
            let oldest = tx.first(OLDEST, args![id, self.head_seq], |row| {
                Ok((row.int(0)?, row.int(1)?))
            })?;
            let Some((oldest, bytes)) = oldest else { break };
            tx.exec(DROP, args![id, oldest])?;
            self.stored_bytes -= bytes;
        }
        Ok(seq)
    }
}

fn as_int(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

/// Up to `limit` chunks of a run after number `after`, in order; of one stream only when it is
/// given, of one attempt only when it is given.
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
        .all(CHUNKS, args![&id, after, stream, attempt, limit], chunk)
}

/// The last chunk of a stream of a run up to number `until`, if there is one.
pub fn last(
    read: &mut Read<'_, '_>,
    id: RunId,
    stream: &str,
    until: i64,
) -> Result<Option<Chunk>, Error> {
    const LAST: &str = "SELECT seq, attempt, stream, position, body FROM logs
        WHERE run_id = $1 AND stream = $2 AND seq <= $3 ORDER BY seq DESC LIMIT 1";
    read.tx.first(LAST, args![&id, stream, until], chunk)
}

fn chunk(row: &Row<'_>) -> Result<Chunk, Error> {
    Ok(Chunk {
        seq: row.int(0)?,
        attempt: row.int(1)?,
        stream: row.text(2)?,
        position: row.int(3)?,
        body: row.bytes(4)?,
    })
}
