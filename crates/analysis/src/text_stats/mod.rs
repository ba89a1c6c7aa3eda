//! `text-stats`: how long a text is, how hard it is to read, and in which language it is written.

mod language;
mod readability;
mod sentences;
mod syllables;

use std::collections::HashSet;

use serde::Serialize;
use serde_json::{Value, json};
use unicode_segmentation::UnicodeSegmentation;

use crate::{Analysis, Numbers, Tally, Unusable, input};

pub use syllables::syllables;

/// What is measured of a text.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TextStats {
    /// What a reader sees as one character: an extended grapheme cluster. A line break is one, too.
    pub characters: u64,
    /// As Unicode (UAX 29) finds them, if they hold a letter or a digit. A Chinese character counts as
    /// a word of its own.
    pub words: u64,
    /// Different words, whatever their case.
    pub unique_words: u64,
    /// As Unicode finds them inside a paragraph, but not after abbreviations such as `Dr.`.
    pub sentences: u64,
    /// Blocks of lines between empty lines.
    pub paragraphs: u64,
    /// Of all words in Latin letters or digits; see [`syllables`].
    pub syllables: u64,
    /// Mean.
    pub words_per_sentence: f64,
    /// Flesch reading ease, about 0 (hard) to 100 (easy). Made for English. None when less than half
    /// of the words are in Latin letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading_ease: Option<f64>,
    /// Flesch-Kincaid grade level: years of school in the United States. None as above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grade_level: Option<f64>,
    /// ISO 639-3, such as `eng`. None when nothing is recognized.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<&'static str>,
    /// 0 to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language_confidence: Option<f64>,
    /// The script of most of its letters, such as `Latin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
}

/// Measures a text.
#[must_use]
pub fn measure(text: &str) -> TextStats {
    let mut words = 0;
    let mut unique: HashSet<String> = HashSet::new();
    let mut latin = readability::Latin::default();
    for word in text.unicode_words() {
        words += 1;
        latin.add(word);
        let lower = word.to_lowercase();
        if !unique.contains(&lower) {
            unique.insert(lower);
        }
    }
    let (paragraphs, sentences) = sentences::count(text);
    let scores = latin.scores(words, sentences);
    let language = language::detect(text);
    TextStats {
        characters: count(text.graphemes(true)),
        words,
        unique_words: u64::try_from(unique.len()).unwrap_or(u64::MAX),
        sentences,
        paragraphs,
        syllables: latin.syllables,
        words_per_sentence: crate::rounded(readability::ratio(words, sentences)),
        reading_ease: scores.map(|(ease, _)| ease),
        grade_level: scores.map(|(_, grade)| grade),
        language: language.as_ref().map(|found| found.code),
        language_confidence: language.as_ref().map(|found| found.confidence),
        script: language.map(|found| found.script),
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u64 {
    items.fold(0, |count, _| count + 1)
}

/// The call: a bare text, or `{"text": …}`. After a plugin that left `{"text": …}` as its output, as
/// `web-page` does, that text is measured instead.
///
/// # Errors
/// There is no text.
pub fn execute(input: &Value, before: Option<&Value>) -> Result<Analysis, Unusable> {
    let metric = match before.and_then(|output| input::field(output, "text")) {
        Some(text) => measure(text),
        None => measure(&input::text(input, "text")?),
    };
    Ok(Analysis {
        metric: json!(metric),
        output: None,
    })
}

/// Totals and means over several texts, and how many there are in each language.
#[must_use]
pub fn summarize(metrics: &[Value]) -> Value {
    const FIELDS: [&str; 9] = [
        "characters",
        "words",
        "unique_words",
        "sentences",
        "paragraphs",
        "syllables",
        "words_per_sentence",
        "reading_ease",
        "grade_level",
    ];
    let mut summary = Numbers(&FIELDS).of(metrics);
    summary.insert(String::from("texts"), json!(metrics.len()));
    summary.insert(String::from("languages"), Tally("language").of(metrics));
    Value::Object(summary)
}

#[cfg(test)]
mod tests;
