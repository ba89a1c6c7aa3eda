//! Halves of characters in a message. A text of a page may hold them, as JavaScript counts in halves and cuts
//! anywhere, and the browser sends them on; JSON of Rust has no text for them.

/// What stands for a half: the replacement character.
const REPLACEMENT: &[u8; 6] = b"\\ufffd";

/// The message with a replacement character for each half without its other half.
pub(super) fn replace_halves(message: &[u8]) -> Vec<u8> {
    let mut replaced = message.to_vec();
    let mut at = 0;
    while at < replaced.len() {
        if replaced[at] != b'\\' {
            at += 1;
            continue;
        }
        at += match (unit(&replaced[at..]), replaced.get(at + 6..).and_then(unit)) {
            (Some(0xd800..=0xdbff), Some(0xdc00..=0xdfff)) => 12,
            (Some(0xd800..=0xdfff), _) => {
                replaced[at..at + 6].copy_from_slice(REPLACEMENT);
                6
            }
            (Some(_), _) => 6,
            // Another escape: what follows the backslash belongs to it.
            (None, _) => 2,
        };
    }
    replaced
}

/// The number of an escape `\uNNNN` that a text begins with.
fn unit(text: &[u8]) -> Option<u16> {
    let digits = text.strip_prefix(b"\\u")?.get(..4)?;
    let digits = std::str::from_utf8(digits).ok()?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(text: &str) -> String {
        String::from_utf8(replace_halves(text.as_bytes())).unwrap()
    }

    #[test]
    fn halves_are_replaced_and_nothing_else() {
        for (text, expected) in [
            (r#""a\ud83d""#, r#""a\ufffd""#),
            (
                r#""\ude00\ud83d\ude00\ud83d""#,
                r#""\ufffd\ud83d\ude00\ufffd""#,
            ),
            (r#""\ud83d\ud83d\ude00""#, r#""\ufffd\ud83d\ude00""#),
            (r#""\ud83dx\ude00""#, r#""\ufffdx\ufffd""#),
            (r#""\\ud83d \u00e9 \" \n""#, r#""\\ud83d \u00e9 \" \n""#),
            (r#""\uD83D\uDE00 \uDBFF""#, r#""\uD83D\uDE00 \ufffd""#),
        ] {
            assert_eq!(replaced(text), expected);
            let read: Result<String, _> = serde_json::from_str(&replaced(text));
            assert!(read.is_ok(), "{text}");
        }
        // What is no JSON does not matter, if only it ends.
        for text in [r"\", r"\u", r"\ud8", r"\ud83d\", r"\ud83d\ude"] {
            assert_eq!(replaced(text).len(), text.len());
        }
    }
}
