//! Output that was read from the program and is not yet with the server, in bounded memory.

use std::collections::VecDeque;

use bytes::Bytes;

/// What is kept of one stream.
pub(super) const LIMIT_BYTES: usize = 512 << 10;

/// The newest part of a stream, up to the limit; what does not fit pushes out the oldest, which the
/// server then sees as a gap in the offsets.
#[derive(Debug, Default)]
pub(super) struct Pending {
    bytes: VecDeque<u8>,
    /// Position in the stream of the first byte.
    offset: u64,
}

impl Pending {
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    pub(super) fn fits(&self, count: usize) -> bool {
        self.bytes.len() + count <= LIMIT_BYTES
    }

    /// Position of the end of the stream so far.
    pub(super) fn end(&self) -> u64 {
        self.offset + self.bytes.len() as u64
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        let surplus = (self.bytes.len() + bytes.len()).saturating_sub(LIMIT_BYTES);
        let old = surplus.min(self.bytes.len());
        self.bytes.drain(..old);
        self.bytes.extend(&bytes[surplus - old..]);
        self.offset += surplus as u64;
    }

    /// Takes the oldest bytes, at most `limit`, with their position.
    pub(super) fn take(&mut self, limit: usize) -> (u64, Bytes) {
        let count = self.bytes.len().min(limit);
        let taken: Vec<u8> = self.bytes.drain(..count).collect();
        let offset = self.offset;
        self.offset += count as u64;
        (offset, taken.into())
    }
}

#[cfg(test)]
mod tests {
    use super::{LIMIT_BYTES, Pending};

    #[test]
    fn keeps_the_newest_and_knows_where_it_stood() {
        let mut pending = Pending::default();
        pending.add(b"abcdef");
        assert_eq!(pending.take(4), (0, "abcd".into()));
        pending.add(&vec![b'x'; LIMIT_BYTES]);
        assert_eq!(pending.len(), LIMIT_BYTES);
        pending.add(b"yz");
        let (offset, bytes) = pending.take(usize::MAX);
        assert_eq!(offset, 6 + 2);
        assert!(bytes.ends_with(b"xyz"));
        assert_eq!(pending.end(), 6 + LIMIT_BYTES as u64 + 2);
        pending.add(&vec![b'q'; 3 * LIMIT_BYTES]);
        assert_eq!(pending.len(), LIMIT_BYTES);
    }
}
