//! The keys of a keyboard with the US layout, and chords such as `Control+A`.

use super::click::KeyModifier;

/// What the browser has to know of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyStroke {
    /// What it means: `a`, `Enter`.
    pub(super) key: String,
    /// Which key it is: `KeyA`, `Enter`.
    pub(super) code: String,
    /// The number that old scripts read.
    pub(super) number: u32,
    /// What it types.
    pub(super) text: String,
}

/// Keys that are held, and one that is pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct KeyChord {
    pub(super) held: Vec<KeyModifier>,
    pub(super) key: KeyStroke,
}

/// Name, code and number of the keys that type nothing; Enter is the exception.
const NAMED: [(&str, &str, u32); 35] = [
    ("Enter", "Enter", 13),
    ("Tab", "Tab", 9),
    ("Backspace", "Backspace", 8),
    ("Delete", "Delete", 46),
    ("Escape", "Escape", 27),
    ("ArrowUp", "ArrowUp", 38),
    ("ArrowDown", "ArrowDown", 40),
    ("ArrowLeft", "ArrowLeft", 37),
    ("ArrowRight", "ArrowRight", 39),
    ("Home", "Home", 36),
    ("End", "End", 35),
    ("PageUp", "PageUp", 33),
    ("PageDown", "PageDown", 34),
    ("Insert", "Insert", 45),
    ("Control", "ControlLeft", 17),
    ("Shift", "ShiftLeft", 16),
    ("Alt", "AltLeft", 18),
    ("Meta", "MetaLeft", 91),
    ("CapsLock", "CapsLock", 20),
    ("ContextMenu", "ContextMenu", 93),
    ("Pause", "Pause", 19),
    ("PrintScreen", "PrintScreen", 44),
    ("ScrollLock", "ScrollLock", 145),
    ("F1", "F1", 112),
    ("F2", "F2", 113),
    ("F3", "F3", 114),
    ("F4", "F4", 115),
    ("F5", "F5", 116),
    ("F6", "F6", 117),
    ("F7", "F7", 118),
    ("F8", "F8", 119),
    ("F9", "F9", 120),
    ("F10", "F10", 121),
    ("F11", "F11", 122),
    ("F12", "F12", 123),
];

/// Keys with two characters: without and with Shift, the code, the number.
const PUNCTUATION: [(char, char, &str, u32); 21] = [
    ('1', '!', "Digit1", 49),
    ('2', '@', "Digit2", 50),
    ('3', '#', "Digit3", 51),
    ('4', '$', "Digit4", 52),
    ('5', '%', "Digit5", 53),
    ('6', '^', "Digit6", 54),
    ('7', '&', "Digit7", 55),
    ('8', '*', "Digit8", 56),
    ('9', '(', "Digit9", 57),
    ('0', ')', "Digit0", 48),
    ('`', '~', "Backquote", 192),
    ('-', '_', "Minus", 189),
    ('=', '+', "Equal", 187),
    ('[', '{', "BracketLeft", 219),
    (']', '}', "BracketRight", 221),
    ('\\', '|', "Backslash", 220),
    (';', ':', "Semicolon", 186),
    ('\'', '"', "Quote", 222),
    (',', '<', "Comma", 188),
    ('.', '>', "Period", 190),
    ('/', '?', "Slash", 191),
];

impl KeyStroke {
    /// The key with this name; names without capitals count as well.
    pub(super) fn named(name: &str) -> Option<Self> {
        let mut named = NAMED.iter();
        let found = named.find(|(known, _, _)| known.eq_ignore_ascii_case(name))?;
        let text = if found.0 == "Enter" { "\r" } else { "" };
        Some(Self {
            key: String::from(found.0),
            code: String::from(found.1),
            number: found.2,
            text: String::from(text),
        })
    }

    /// The key that types a character; none for what this keyboard does not have.
    pub(super) fn typing(c: char) -> Option<Self> {
        let (code, number) = match c {
            '\n' | '\r' => return Self::named("Enter"),
            '\t' => return Self::named("Tab"),
            ' ' => (String::from("Space"), 32),
            _ if c.is_ascii_alphabetic() => {
                let upper = c.to_ascii_uppercase();
                (format!("Key{upper}"), u32::from(upper))
            }
            _ => {
                let mut keys = PUNCTUATION.iter();
                let key = keys.find(|(plain, shifted, ..)| c == *plain || c == *shifted)?;
                (String::from(key.2), key.3)
            }
        };
        Some(Self {
            key: c.to_string(),
            code,
            number,
            text: c.to_string(),
        })
    }
}

impl KeyChord {
    /// `Enter`, `a`, `Control+Shift+A`, `Control++`. Says what is wrong with another text.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let (held, key) = match text.strip_suffix("++") {
            Some(held) => (held, "+"),
            None if text == "+" => ("", "+"),
            None => text.rsplit_once('+').unwrap_or(("", text)),
        };
        let held = held.split('+').filter(|name| !name.is_empty());
        let held: Vec<KeyModifier> = held.map(modifier).collect::<Result<_, _>>()?;
        let mut chars = key.chars();
        let stroke = match (chars.next(), chars.next()) {
            (Some(c), None) => {
                let shift = held.contains(&KeyModifier::Shift);
                KeyStroke::typing(if shift { shifted(c) } else { c })
            }
            _ if key.eq_ignore_ascii_case("space") => KeyStroke::typing(' '),
            _ => KeyStroke::named(key),
        };
        let mut stroke = stroke.ok_or_else(|| {
            let examples = "`a`, `Enter`, `ArrowDown`, `F5` or `Control+A`";
            format!("no key is called `{text}`; known are {examples}")
        })?;
        // A chord such as Control+A types nothing.
        if held.iter().any(|held| *held != KeyModifier::Shift) {
            stroke.text.clear();
        }
        Ok(Self { held, key: stroke })
    }
}

fn modifier(name: &str) -> Result<KeyModifier, String> {
    match name.to_ascii_lowercase().as_str() {
        "alt" => Ok(KeyModifier::Alt),
        "control" | "ctrl" | "controlormeta" => Ok(KeyModifier::Control),
        "meta" | "command" => Ok(KeyModifier::Meta),
        "shift" => Ok(KeyModifier::Shift),
        _ => Err(format!(
            "`{name}` cannot be held; there are Alt, Control, Meta and Shift"
        )),
    }
}

fn shifted(c: char) -> char {
    let mut keys = PUNCTUATION.iter();
    let found = keys.find(|(plain, ..)| *plain == c);
    found.map_or_else(|| c.to_ascii_uppercase(), |(_, shifted, ..)| *shifted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stroke(text: &str) -> (usize, KeyStroke) {
        let chord = KeyChord::read(text).unwrap();
        (chord.held.len(), chord.key)
    }

    #[test]
    fn chords_are_read() {
        let (held, a) = stroke("Control+A");
        assert_eq!((held, a.code.as_str(), a.text.as_str()), (1, "KeyA", ""));
        let (held, enter) = stroke("Enter");
        assert_eq!((held, enter.text.as_str()), (0, "\r"));
        let (held, plus) = stroke("Control++");
        assert_eq!((held, plus.code.as_str()), (1, "Equal"));
        let (_, bang) = stroke("Shift+1");
        assert_eq!((bang.key.as_str(), bang.text.as_str()), ("!", "!"));
        assert_eq!(stroke("Space").1.text, " ");
        assert_eq!(stroke("ctrl+shift+Tab").0, 2);
    }

    #[test]
    fn what_is_no_key_says_what_is_one() {
        assert!(KeyChord::read("Entr").unwrap_err().contains("`Enter`"));
        assert!(
            KeyChord::read("Hyper+A")
                .unwrap_err()
                .contains("Alt, Control")
        );
    }
}
