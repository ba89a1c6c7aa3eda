//! In which language a text is written.

use whatlang::Script;

/// The beginning of a text tells its language; all of a long one would tell the same, later.
const READ_BYTES: usize = 64 << 10;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct DetectedLanguage {
    /// ISO 639-3.
    pub(super) code: &'static str,
    /// 0 to 1.
    pub(super) confidence: f64,
    pub(super) script: String,
}

/// None when the text has no letters of a script that is known.
pub(super) fn detect(text: &str) -> Option<DetectedLanguage> {
    let read = &text[..text.floor_char_boundary(READ_BYTES)];
    // A byte order mark alone lies in a block of Arabic.
    if !read.contains(char::is_alphabetic) {
        return None;
    }
    let found = whatlang::detect(read)?;
    Some(DetectedLanguage {
        code: found.lang().code(),
        confidence: crate::rounded(found.confidence()),
        script: match found.script() {
            Script::Mandarin => String::from("Han"),
            script => String::from(script.name()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn languages_are_told_apart() {
        for (text, code) in [
            (
                "The quick brown fox jumps over the lazy dog and runs away from it.",
                "eng",
            ),
            (
                "Der schnelle braune Fuchs springt über den faulen Hund und läuft weg.",
                "deu",
            ),
            (
                "Le renard brun saute par-dessus le chien paresseux et s'en va très vite.",
                "fra",
            ),
            (
                "Быстрая коричневая лиса прыгает через ленивую собаку и убегает.",
                "rus",
            ),
            ("敏捷的棕色狐狸跳过了懒狗，然后跑开了。", "cmn"),
            (
                "素早い茶色の狐がのろまな犬を飛び越えて走り去りました。",
                "jpn",
            ),
            ("빠른 갈색 여우가 게으른 개를 뛰어넘어 달아났습니다.", "kor"),
        ] {
            assert_eq!(detect(text).map(|found| found.code), Some(code), "{text}");
        }
    }

    #[test]
    fn nothing_is_made_up() {
        for text in ["", " \n\t", "12345 !?", "😀🎉", "\u{0}\u{feff}"] {
            assert_eq!(detect(text), None, "{text:?}");
        }
    }
}
