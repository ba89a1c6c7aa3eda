//! Paragraphs, and the sentences in them.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;

/// After these a full stop ends no sentence, in lower case.
const ABBREVIATIONS: [&str; 26] = [
    "mr", "mrs", "ms", "dr", "prof", "st", "sr", "jr", "gen", "col", "sgt", "capt", "rev", "hon",
    "vs", "etc", "e.g", "i.e", "cf", "al", "no", "vol", "pp", "fig", "dept", "approx",
];

/// How many paragraphs and how many sentences there are. A paragraph has at least one sentence when it
/// has a word; a line break inside it is a space.
pub(super) fn count(text: &str) -> (u64, u64) {
    let mut paragraphs = 0;
    let mut sentences = 0;
    for paragraph in split(text) {
        paragraphs += 1;
        sentences += inside(&flowing(paragraph));
    }
    (paragraphs, sentences)
}

/// The blocks of lines between lines that are empty or blank.
fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let begin = rest.len() - rest.trim_start().len();
        rest = &rest[begin..];
        if rest.is_empty() {
            return None;
        }
        let mut end = 0;
        for line in rest.split_inclusive('\n') {
            if line.trim().is_empty() {
                break;
            }
            end += line.len();
        }
        let paragraph = &rest[..end];
        rest = &rest[end..];
        Some(paragraph)
    })
}

fn flowing(paragraph: &str) -> Cow<'_, str> {
    if paragraph.contains(['\n', '\r']) {
        Cow::Owned(paragraph.replace(['\n', '\r'], " "))
    } else {
        Cow::Borrowed(paragraph)
    }
}

fn inside(paragraph: &str) -> u64 {
    let mut sentences = 0;
    let mut open = false;
    for sentence in paragraph.unicode_sentences() {
        sentences += u64::from(!open);
        open = is_open(sentence);
    }
    sentences
}

/// True when the sentence only seems to end: with an abbreviation or an initial.
fn is_open(sentence: &str) -> bool {
    let Some(body) = sentence.trim_end().strip_suffix('.') else {
        return false;
    };
    let last = body
        .rsplit([' ', '(', '"', '\u{a0}'])
        .next()
        .unwrap_or_default();
    let initial = last.chars().count() == 1 && last != "I" && last.chars().all(char::is_uppercase);
    initial || ABBREVIATIONS.contains(&last.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_counted() {
        for (text, paragraphs, sentences) in [
            ("", 0, 0),
            ("  \n\n \n", 0, 0),
            ("One. Two! Three?", 1, 3),
            (
                "Dr. J. Smith met Mr. Jones. They spoke, e.g. About cats.",
                1,
                2,
            ),
            ("So did I. He too.", 1, 2),
            ("A line\nthat goes on\r\nand ends.", 1, 1),
            ("One.\n\nTwo.\r\n\r\nThree", 3, 3),
            ("Pi is 3.14 today.", 1, 1),
            ("这是一句话。这是另一句！", 1, 2),
            ("...", 1, 0),
            ("\n\n\nLate start", 1, 1),
        ] {
            assert_eq!(count(text), (paragraphs, sentences), "{text:?}");
        }
    }
}
