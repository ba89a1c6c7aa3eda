//! Reads the parts of a time from left to right.

/// A time of a day.
pub(super) struct OfDay {
    pub(super) hour: i16,
    pub(super) minute: i16,
    pub(super) second: i16,
    pub(super) nanos: i32,
}

/// Reads a text from left to right, byte by byte.
pub(super) struct Scan<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
}

impl Scan<'_> {
    /// A number of exactly so many digits.
    pub(super) fn number(&mut self, digits: usize) -> Option<i16> {
        let found = self.text.as_bytes().get(self.at..self.at + digits)?;
        let number = found.iter().try_fold(0_i16, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + i16::from(byte - b'0'))
        })?;
        self.at += digits;
        Some(number)
    }

    pub(super) fn one_of(&mut self, bytes: &[u8]) -> Option<u8> {
        let found = *self.text.as_bytes().get(self.at)?;
        bytes.contains(&found).then(|| {
            self.at += 1;
            found
        })
    }

    /// `15:04:05`, with a fraction or without.
    pub(super) fn clock(&mut self) -> Option<OfDay> {
        let hour = self.number(2)?;
        self.one_of(b":")?;
        let minute = self.number(2)?;
        self.one_of(b":")?;
        let second = self.number(2)?;
        let mut nanos = 0;
        let before = self.at;
        if self.one_of(b".,").is_some() {
            let mut scale = 100_000_000;
            while let Some(digit) = self.number(1) {
                nanos += i32::from(digit) * scale;
                scale /= 10;
            }
            if scale == 100_000_000 {
                self.at = before;
            }
        }
        Some(OfDay {
            hour,
            minute,
            second,
            nanos,
        })
    }

    /// `Z`, `+01:00`, `-0700` or ` +0100`, in minutes.
    pub(super) fn zone(&mut self) -> Option<i32> {
        let before = self.at;
        if self.one_of(b"Zz").is_some() {
            return Some(0);
        }
        let _ = self.one_of(b" ");
        let read = self.one_of(b"+-").and_then(|sign| {
            let hours = self.number(2)?;
            let _ = self.one_of(b":");
            let minutes = self.number(2).unwrap_or(0);
            let zone = i32::from(hours) * 60 + i32::from(minutes);
            Some(if sign == b'-' { -zone } else { zone })
        });
        if read.is_none() {
            self.at = before;
        }
        read
    }
}
