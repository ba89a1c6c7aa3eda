//! Text out of bytes that a program printed.

/// The text of `bytes`: what is not UTF-8 becomes U+FFFD, and so does half a pair of surrogates,
/// which takes three bytes.
#[must_use]
pub fn lossy(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| replaced(error.as_bytes()))
}

fn replaced(mut bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    while let Some(chunk) = bytes.utf8_chunks().next() {
        text.push_str(chunk.valid());
        let rest = &bytes[chunk.valid().len()..];
        if rest.is_empty() {
            break;
        }
        text.push(char::REPLACEMENT_CHARACTER);
        bytes = match rest {
            [0xED, 0xA0..=0xBF, 0x80..=0xBF, after @ ..] => after,
            _ => &rest[chunk.invalid().len()..],
        };
    }
    text
}

/// How many bytes at the end are the start of a character whose rest may still come.
#[must_use]
pub fn unfinished(bytes: &[u8]) -> usize {
    // A character has at most three bytes before its last one.
    let end = &bytes[bytes.len().saturating_sub(3)..];
    let last = end
        .utf8_chunks()
        .last()
        .map_or(&b""[..], |one| one.invalid());
    match std::str::from_utf8(last) {
        Err(error) if error.error_len().is_none() => last.len(),
        Ok(_) | Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{lossy, unfinished};

    #[test]
    fn what_is_not_utf8_is_replaced() {
        assert_eq!(lossy(b"a\xffb\xe2\x82".to_vec()), "a\u{fffd}b\u{fffd}");
        assert_eq!(lossy("\u{20ac}".into()), "\u{20ac}");
        assert_eq!(
            lossy(b"a\xed\xa0\xbdb\xed\xbf".to_vec()),
            "a\u{fffd}b\u{fffd}\u{fffd}"
        );
    }

    #[test]
    fn only_the_start_of_a_character_is_unfinished() {
        assert_eq!(unfinished("a\u{20ac}".as_bytes()), 0);
        assert_eq!(unfinished(b"a\xe2\x82"), 2);
        assert_eq!(unfinished(b"a\xf0"), 1);
        assert_eq!(unfinished(b"\xf0\x9f\x98"), 3);
        assert_eq!(unfinished(b"a\xff"), 0);
        assert_eq!(unfinished(b"a\xe0\x80"), 0, "no character begins so");
        assert_eq!(unfinished(b"\x80\x80\x80\x80"), 0);
        assert_eq!(unfinished(b""), 0);
    }
}
