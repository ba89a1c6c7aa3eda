//! Where values of a JSON text begin and end. The text is known to be well formed.

/// A place in a well-formed JSON text.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'de> {
    text: &'de [u8],
    at: usize,
}

impl<'de> Scanner<'de> {
    pub(super) fn new(text: &'de [u8]) -> Self {
        Self { text, at: 0 }
    }

    /// The first byte of what comes next; NUL at the end.
    pub(super) fn peek(&mut self) -> u8 {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_ascii_start().len();
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Passes a byte of structure.
    pub(super) fn pass(&mut self) {
        self.at += 1;
    }

    /// Passes a byte if it comes next.
    pub(super) fn pass_if(&mut self, byte: u8) -> bool {
        let is = self.peek() == byte;
        self.at += usize::from(is);
        is
    }

    /// The text of the next value, which is passed.
    pub(super) fn value(&mut self) -> &'de [u8] {
        let first = self.peek();
        let start = self.at;
        match first {
            b'"' => self.pass_string(),
            b'[' | b'{' => self.pass_nested(),
            _ => self.pass_scalar(),
        }
        &self.text[start..self.at]
    }

    /// Passes a string, with its quotes.
    fn pass_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.text.get(self.at) {
            self.at += match byte {
                b'\\' => 2,
                _ => 1,
            };
            if *byte == b'"' {
                break;
            }
        }
        self.at = self.at.min(self.text.len());
    }

    fn pass_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.text.get(self.at) {
            match byte {
                b'"' => {
                    self.pass_string();
                    continue;
                }
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth -= 1,
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                break;
            }
        }
    }

    fn pass_scalar(&mut self) {
        let ends = |byte: &u8| matches!(byte, b',' | b']' | b'}') || byte.is_ascii_whitespace();
        let length = self.text[self.at..].iter().position(ends);
        self.at = length.map_or(self.text.len(), |length| self.at + length);
    }
}
