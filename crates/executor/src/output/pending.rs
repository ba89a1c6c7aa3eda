//! Output that was read from the program and is not yet with the server: in bounded memory, then on the
//! executor's disk.

use std::{collections::VecDeque, path::Path};

use bytes::Bytes;

use super::spool::{Spool, Spooled};

/// What is kept in memory, of all streams together.
pub(super) const MEMORY_BYTES: usize = 1 << 20;

/// The server keeps so much of a stream. As much is kept on the disk; of what follows only the newest is kept.
pub(super) const STORED_BYTES: u64 = 16 << 20;

/// The largest piece, which is sent as one chunk.
pub(super) const PIECE_BYTES: usize = 256 << 10;

/// A program that changes between its streams often does not make a request of every line: when so many pieces
/// wait, what follows joins the last one of its stream.
const PIECES: usize = 32;

/// A piece of one stream. Pieces stand in the order in which they were read.
#[derive(Clone, Debug)]
pub struct OutputPiece {
    /// Which of the streams.
    pub stream: usize,
    /// Position of its first byte in the stream.
    pub offset: u64,
    /// How many pieces were begun before it.
    pub number: u64,
    /// Its bytes.
    pub held: Held,
}

/// Where the bytes of a piece are.
#[derive(Clone, Debug)]
pub enum Held {
    /// In memory.
    Memory(Vec<u8>),
    /// On the disk.
    Disk(Spooled),
}

impl Held {
    /// The bytes; `None` when the disk does not give them back.
    #[must_use]
    pub fn read(&self) -> Option<Bytes> {
        match self {
            Self::Memory(bytes) => Some(bytes.clone().into()),
            Self::Disk(spooled) => spooled
                .read()
                .inspect_err(|error| tracing::warn!(%error, "output cannot be read again"))
                .ok(),
        }
    }

    pub(super) fn length(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::Disk(spooled) => spooled.length(),
        }
    }
}

/// What the server does not have yet, oldest first. What finds no room pushes out the oldest beyond the stored
/// limit, which the server then sees as a gap in the offsets.
#[derive(Debug)]
pub(super) struct Pending {
    pieces: VecDeque<OutputPiece>,
    memory: usize,
    spool: Spool,
    /// Pieces on the disk.
    spooled: usize,
    /// Position of the end of each stream so far.
    ends: [u64; 2],
    begun: u64,
}

impl Pending {
    pub(super) fn new(dir: &Path) -> Self {
        Self {
            pieces: VecDeque::new(),
            memory: 0,
            spool: Spool::new(dir),
            spooled: 0,
            ends: [0; 2],
            begun: 0,
        }
    }

    /// How many pieces wait.
    pub(super) fn count(&self) -> usize {
        self.pieces.len()
    }

    /// How many bytes wait in memory.
    pub(super) fn in_memory(&self) -> usize {
        self.memory
    }

    pub(super) fn add(&mut self, stream: usize, bytes: &[u8]) {
        self.memory += bytes.len();
        let offset = self.ends[stream];
        self.ends[stream] += bytes.len() as u64;
        match self.open_piece(stream, bytes.len()) {
            Some(piece) => piece.extend_from_slice(bytes),
            None => {
                self.pieces.push_back(OutputPiece {
                    stream,
                    offset,
                    number: self.begun,
                    held: Held::Memory(bytes.to_vec()),
                });
                self.begun += 1;
            }
        }
        self.make_room();
    }

    /// The piece that the next bytes of a stream may join.
    fn open_piece(&mut self, stream: usize, count: usize) -> Option<&mut Vec<u8>> {
        let full = self.pieces.len() >= PIECES;
        let last = self
            .pieces
            .back()
            .is_some_and(|piece| piece.stream == stream);
        if !full && !last {
            return None;
        }
        let mut newest = self.pieces.iter_mut().rev();
        match &mut newest.find(|piece| piece.stream == stream)?.held {
            Held::Memory(held) if held.len() + count <= PIECE_BYTES => Some(held),
            _ => None,
        }
    }

    /// Moves what is oldest in memory to the disk, or leaves it out.
    fn make_room(&mut self) {
        while self.memory > MEMORY_BYTES {
            let in_memory = |piece: &OutputPiece| matches!(piece.held, Held::Memory(_));
            let Some(place) = self.pieces.iter().position(in_memory) else {
                return;
            };
            let piece = &mut self.pieces[place];
            self.memory -= piece.held.length();
            let spooled = match &piece.held {
                Held::Memory(bytes) if piece.offset < STORED_BYTES => self.spool.add(bytes).ok(),
                _ => None,
            };
            match spooled {
                Some(spooled) => {
                    piece.held = Held::Disk(spooled);
                    self.spooled += 1;
                }
                None => drop(self.pieces.remove(place)),
            }
        }
    }

    /// Takes the oldest piece.
    pub(super) fn take(&mut self) -> Option<OutputPiece> {
        let piece = self.pieces.pop_front()?;
        match &piece.held {
            Held::Memory(bytes) => self.memory -= bytes.len(),
            Held::Disk(_) => {
                self.spooled -= 1;
                if self.spooled == 0 {
                    self.spool.clear();
                }
            }
        }
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::{Held, MEMORY_BYTES, OutputPiece, PIECE_BYTES, PIECES, Pending, STORED_BYTES};

    fn pending() -> (tempfile::TempDir, Pending) {
        let dir = tempfile::tempdir().expect("a temporary directory can be made");
        let pending = Pending::new(dir.path());
        (dir, pending)
    }

    fn all(pending: &mut Pending) -> Vec<OutputPiece> {
        std::iter::from_fn(|| pending.take()).collect()
    }

    #[test]
    fn keeps_what_the_server_stores_and_of_the_rest_the_newest() {
        let (_dir, mut pending) = pending();
        let mut offset = 0_u64;
        while offset < STORED_BYTES + 4 * MEMORY_BYTES as u64 {
            let bytes = [u8::try_from(offset >> 20).expect("it is small"); 64 << 10];
            pending.add(0, &bytes);
            offset += bytes.len() as u64;
            assert!(pending.in_memory() <= MEMORY_BYTES);
        }
        pending.add(1, b"an error");
        let pieces = all(&mut pending);
        let mut next = 0;
        for piece in pieces.iter().filter(|piece| piece.stream == 0) {
            assert!(piece.offset == next || piece.offset > STORED_BYTES);
            let bytes = piece.held.read().expect("it is there");
            assert_eq!(u64::from(bytes[0]), piece.offset >> 20);
            next = piece.offset + bytes.len() as u64;
        }
        assert_eq!(next, offset, "the end is there");
        let last = pieces.last().expect("a piece");
        assert_eq!((last.stream, last.offset), (1, 0));
        pending.add(1, b"again");
        let pieces = all(&mut pending);
        assert!(matches!(
            &pieces[..],
            [OutputPiece {
                offset: 8,
                held: Held::Memory(_),
                ..
            }]
        ));
    }

    #[test]
    fn streams_stand_as_they_were_read_and_many_changes_make_few_pieces() {
        let (_dir, mut pending) = pending();
        for (stream, text) in [(0, "a"), (0, "b"), (1, "c"), (0, "d")] {
            pending.add(stream, text.as_bytes());
        }
        let text = |piece: &OutputPiece| (piece.stream, piece.held.read().expect("it is there"));
        let pieces: Vec<_> = all(&mut pending).iter().map(text).collect();
        assert_eq!(pieces, [(0, "ab".into()), (1, "c".into()), (0, "d".into())]);
        for number in 0..2 * PIECE_BYTES {
            pending.add(number % 2, b"x");
        }
        assert!(pending.count() <= PIECES + 2, "{} pieces", pending.count());
    }
}
