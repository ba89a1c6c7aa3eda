//! Output is cut to what the contract allows, whatever the executor sent.

/// What is kept of each stream, in bytes, the mark included.
pub(super) const OUTPUT_LIMIT_BYTES: usize = 1 << 20;

/// Cuts the middle out of a text that is too long: head and tail stay, whole characters only, and
/// the mark says how much is missing.
pub(super) fn truncate(text: String) -> String {
    if text.len() <= OUTPUT_LIMIT_BYTES {
        return text;
    }
    let mark = |cut: usize| format!("\n[... {cut} bytes cut ...]\n");
    let room = OUTPUT_LIMIT_BYTES - mark(text.len()).len();
    let head = text.floor_char_boundary(room / 2);
    let tail = text.ceil_char_boundary(text.len() - (room - room / 2));
    format!("{}{}{}", &text[..head], mark(tail - head), &text[tail..])
}

#[cfg(test)]
mod tests {
    use super::{OUTPUT_LIMIT_BYTES, truncate};

    #[test]
    fn keeps_what_fits() {
        let text = "x".repeat(OUTPUT_LIMIT_BYTES);
        assert_eq!(truncate(text.clone()), text);
    }

    #[test]
    fn keeps_head_and_tail_and_says_how_much_is_gone() {
        // Three-byte characters: no boundary falls on a round number.
        let text = format!("start{}end", "\u{20AC}".repeat(OUTPUT_LIMIT_BYTES));
        let cut = truncate(text.clone());
        assert!(cut.len() <= OUTPUT_LIMIT_BYTES && cut.len() > OUTPUT_LIMIT_BYTES - 100);
        assert!(cut.starts_with("start") && cut.ends_with("end"));
        let gone: usize = cut
            .split("[... ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        let mark = format!("\n[... {gone} bytes cut ...]\n");
        assert_eq!(cut.len() - mark.len() + gone, text.len());
    }
}
