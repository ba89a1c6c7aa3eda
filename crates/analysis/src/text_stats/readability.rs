//! Flesch's two formulas, over the words in Latin letters.
//!
//! Reading ease = 206.835 - 1.015 (words / sentences) - 84.6 (syllables / words);
//! grade level = 0.39 (words / sentences) + 11.8 (syllables / words) - 15.59.

use super::syllables;

/// What the formulas need to know of the words.
#[derive(Debug, Default)]
pub(super) struct Latin {
    words: u64,
    pub(super) syllables: u64,
}

impl Latin {
    pub(super) fn add(&mut self, word: &str) {
        let found = syllables(word);
        if found > 0 {
            self.words += 1;
            self.syllables += found;
        }
    }

    /// Reading ease and grade level; none when they would say nothing.
    pub(super) fn scores(&self, words: u64, sentences: u64) -> Option<(f64, f64)> {
        if self.words == 0 || self.words < words.div_ceil(2) {
            return None;
        }
        let long = ratio(words, sentences);
        let heavy = ratio(self.syllables, self.words);
        let ease = 206.835 - 1.015 * long - 84.6 * heavy;
        let grade = 0.39 * long + 11.8 * heavy - 15.59;
        Some((crate::rounded(ease), crate::rounded(grade)))
    }
}

/// 0 when there is nothing to divide by.
#[expect(clippy::cast_precision_loss, reason = "counts of words")]
pub(super) fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        return 0.0;
    }
    part as f64 / whole as f64
}
