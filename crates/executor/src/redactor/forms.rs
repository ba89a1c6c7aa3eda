//! How a secret may be written: as it is, in base64, in URLs, in JSON, in hexadecimal digits.

use std::collections::BTreeSet;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};

/// A shorter secret is looked for as it is only: its other forms stand in any text by chance.
pub(super) const SHORT_BYTES: usize = 4;
/// A line of a secret with several lines that is shorter is not looked for alone.
const LINE_BYTES: usize = 8;

/// Everything to look for because of one secret.
pub(super) fn forms(secret: &str) -> BTreeSet<Vec<u8>> {
    let mut forms = BTreeSet::new();
    add(secret, &mut forms);
    // Shells cut white space off, and errors quote single lines.
    let whole = secret.trim();
    if whole.len() >= SHORT_BYTES {
        add(whole, &mut forms);
    }
    if whole.contains('\n') {
        let lines = whole.lines().map(str::trim);
        lines
            .filter(|line| line.len() >= LINE_BYTES)
            .for_each(|line| add(line, &mut forms));
    }
    forms.remove(&Vec::new());
    forms
}

fn add(secret: &str, forms: &mut BTreeSet<Vec<u8>>) {
    forms.insert(secret.as_bytes().to_vec());
    if secret.len() < SHORT_BYTES {
        return;
    }
    let json = escape(secret, |_| false);
    for text in [secret, &json] {
        for encoded in base64(text.as_bytes()) {
            // Base64 in a URL.
            forms.extend(percent(&encoded));
            forms.insert(encoded.into_bytes());
        }
        forms.extend(percent(text));
    }
    forms.extend(hexadecimal(secret.as_bytes()));
    forms.extend(escaped(secret, &json).into_iter().map(String::into_bytes));
}

/// As a string of JSON and of scripting languages, without the quotes around it.
fn escaped(secret: &str, json: &str) -> Vec<String> {
    let ascii = escape(secret, |letter| !letter.is_ascii());
    // As Go writes it, for HTML.
    let html = escape(secret, |letter| "<>&".contains(letter));
    let unquoted = json.replace("\\\"", "\"");
    vec![
        json.replace('/', "\\/"),
        ascii.replace('/', "\\/"),
        // JSON as a string of JSON.
        escape(json, |_| false),
        escape(&ascii, |_| false),
        unquoted.replace('\'', "\\'"),
        unquoted,
        // As a shell quotes it.
        secret.replace('\'', "'\\''"),
        html,
        ascii,
        json.to_owned(),
    ]
}

/// Escaped for JSON, with `more` as `\u` and four digits.
fn escape(text: &str, more: impl Fn(char) -> bool) -> String {
    use std::fmt::Write;
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' => escaped.push_str("\\\""),
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            '\u{8}' => escaped.push_str("\\b"),
            '\u{c}' => escaped.push_str("\\f"),
            letter if letter.is_control() && letter.is_ascii() || more(letter) => {
                for unit in letter.encode_utf16(&mut [0; 2]) {
                    // Writing to a String does not fail.
                    let _ = write!(escaped, "\\u{unit:04x}");
                }
            }
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// In both alphabets, wherever it begins within what is encoded: the letters that depend on it alone.
fn base64(bytes: &[u8]) -> Vec<String> {
    let mut encoded = Vec::new();
    for before in 0..3 {
        let padded = [&[0; 2][..before], bytes].concat();
        let first = (before * 8).div_ceil(6);
        let end = padded.len() * 8 / 6;
        for engine in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            encoded.extend(engine.encode(&padded).get(first..end).map(str::to_owned));
        }
    }
    encoded.retain(|text| text.len() >= SHORT_BYTES);
    encoded
}

/// What encoders of URLs leave as it is, besides letters and digits.
const KEPT: [&str; 10] = [
    // RFC 3986; forms; `encodeURIComponent`; `quote` of Python; `encodeURI`.
    "-._~",
    "*-._",
    "-_.!~*'()",
    "-._~/",
    "-_.!~*'();/?:@&=+$,#",
    // The URL standard: user and password, a segment of a path, a path, query, fragment.
    "-_.!~*'()&+$,%",
    "-_.!~*'()&+$,:;=@[]|",
    "-_.!~*'()&+$,%/:;=@[\\]|",
    "-_.!~*()&+$,%/:;=@[\\]|?`{}^",
    "-_.!~*'()&+$,%/:;=@[\\]|?{}^#",
];

/// In URLs.
fn percent(text: &str) -> BTreeSet<Vec<u8>> {
    let mut encoded = BTreeSet::new();
    for kept in KEPT {
        for digits in [b"0123456789ABCDEF", b"0123456789abcdef"] {
            let one = percent_keeping(text, kept.as_bytes(), digits);
            encoded.insert(one.replace("%20", "+").into_bytes());
            encoded.insert(one.into_bytes());
        }
    }
    encoded
}

fn percent_keeping(text: &str, kept: &[u8], digits: &[u8; 16]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let digit = |half: u8| char::from(digits[usize::from(half)]);
            encoded.extend(['%', digit(byte >> 4), digit(byte & 15)]);
        }
    }
    encoded
}

fn hexadecimal(bytes: &[u8]) -> [Vec<u8>; 2] {
    let lower: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    [lower.to_uppercase().into_bytes(), lower.into_bytes()]
}
