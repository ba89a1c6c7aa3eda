//! Worked examples, and odd text.

use proptest::prelude::*;
use serde_json::json;

use super::*;

#[test]
fn published_examples_have_their_published_scores() {
    // Both stand with these scores where the formulas are explained.
    let text =
        "This sentence, taken as a reading passage unto itself, is being used to prove a point.";
    let found = measure(text);
    assert_eq!((found.words, found.sentences, found.syllables), (16, 1, 23));
    assert_eq!(found.reading_ease, Some(68.98));

    let text = "The Australian platypus is seemingly a hybrid of a mammal and reptilian creature.";
    let found = measure(text);
    assert_eq!((found.words, found.sentences, found.syllables), (13, 1, 24));
    assert_eq!(found.reading_ease, Some(37.46));
    assert_eq!(found.grade_level, Some(11.26));
}

#[test]
fn a_small_text_is_counted_by_hand() {
    let found = measure("The cat sat on the mat.\n\nThe mat sat still.");
    assert_eq!(
        json!(found),
        json!({
            "characters": 43, "words": 10, "unique_words": 6, "sentences": 2, "paragraphs": 2,
            "syllables": 10, "words_per_sentence": 5.0,
            "reading_ease": 117.16, "grade_level": -1.84,
            "language": found.language, "language_confidence": found.language_confidence,
            "script": "Latin",
        })
    );
}

#[test]
fn nothing_has_nothing() {
    for text in ["", "   \n\t\n ", "\u{feff}"] {
        let found = measure(text);
        assert_eq!((found.words, found.sentences), (0, 0), "{text:?}");
        assert_eq!(
            (found.reading_ease, found.language),
            (None, None),
            "{text:?}"
        );
        assert!(found.words_per_sentence.abs() < f64::EPSILON);
    }
}

#[test]
fn a_character_is_what_a_reader_sees() {
    assert_eq!(measure("e\u{301}").characters, 1);
    assert_eq!(measure("👩‍👩‍👧‍👦🇩🇪").characters, 2);
    assert_eq!(measure("a\r\nb").characters, 3);
    assert_eq!(
        measure(&format!("a{}", "\u{300}".repeat(1000))).characters,
        1
    );
}

#[test]
fn chinese_is_counted_and_not_scored() {
    let found = measure("敏捷的棕色狐狸跳过了懒狗。\n\n它跑开了。");
    assert_eq!((found.words, found.sentences, found.paragraphs), (16, 2, 2));
    assert_eq!((found.reading_ease, found.grade_level), (None, None));
    assert_eq!(found.language, Some("cmn"));
    assert_eq!(found.script.as_deref(), Some("Han"));
}

#[test]
fn the_text_of_the_plugin_before_comes_first() {
    let input = json!("one two");
    let words = |before: Option<&Value>| execute(&input, before).unwrap().metric["words"].clone();
    assert_eq!(words(None), 2);
    assert_eq!(words(Some(&json!({"text": "one two three"}))), 3);
    assert_eq!(words(Some(&json!({"other": 1}))), 2);
    assert!(execute(&json!(7), None).is_err());
}

#[test]
fn a_summary_counts_languages() {
    let metrics: Vec<Value> = [
        "The weather is very nice today, and we are going to the beach.",
        "Das Wetter ist heute sehr schön und wir gehen alle an den Strand.",
    ]
    .iter()
    .map(|text| json!(measure(text)))
    .collect();
    let summary = summarize(&metrics);
    assert_eq!(summary["texts"], 2);
    assert_eq!(
        summary["words"],
        json!({"total": 26, "mean": 13.0, "min": 13, "max": 13})
    );
    assert_eq!(summary["languages"], json!({"deu": 1, "eng": 1}));
    assert_eq!(summarize(&[])["texts"], 0);
}

#[test]
fn a_long_text_is_measured() {
    let found = measure(&"word ".repeat(400_000));
    assert_eq!(found.words, 400_000);
    assert_eq!(found.unique_words, 1);
    assert_eq!(found.sentences, 1);
}

proptest! {
    #[test]
    fn whatever_is_written_has_numbers_that_agree(text in any::<String>()) {
        let found = measure(&text);
        prop_assert!(found.unique_words <= found.words && found.sentences <= found.words.max(1) * 2);
        prop_assert!(found.characters as usize <= text.chars().count());
        prop_assert!(found.language_confidence.is_none_or(|share| (0.0..=1.0).contains(&share)));
    }

    #[test]
    fn latin_letters_in_any_order_have_a_language_without_a_crash(text in "[a-zäöüßéèñ ]{0,80}") {
        let _ = measure(&text);
    }
}
