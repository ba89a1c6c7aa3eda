//! Secrets in every form and in pieces, beside texts that only look alike.

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use executor::redactor::Redactor;
use proptest::prelude::*;
use serde_json::json;

fn redactor(secrets: &[&str]) -> Redactor {
    let redactor = Redactor::default();
    redactor.add(secrets.iter().copied()).expect("they fit");
    redactor
}

/// The text that comes out when it goes in in pieces of these lengths.
fn in_pieces(redactor: &Redactor, text: &str, lengths: &[usize]) -> String {
    let (mut stream, mut out, mut rest) = (redactor.stream(), Vec::new(), text.as_bytes());
    for length in lengths {
        let (piece, after) = rest.split_at((*length).min(rest.len()));
        out.extend(stream.push(piece));
        rest = after;
    }
    out.extend(stream.push(rest));
    out.extend(stream.finish());
    String::from_utf8(out).expect("text")
}

#[test]
fn a_secret_is_replaced_in_every_form() {
    let secret = "p\"ä/s\\+ö? w'0&r~d";
    let redactor = redactor(&[secret]);
    let json = serde_json::to_string(secret).expect("JSON");
    let twice = serde_json::to_string(&json).expect("JSON");
    let python = "p\\\"\\u00e4/s\\\\+\\u00f6? w'0&r~d";
    let query = reqwest::Url::parse_with_params("http://h/", [("k", secret)]).expect("a URL");
    let mut login = reqwest::Url::parse("http://h/x").expect("a URL");
    login.set_password(Some(secret)).expect("it can have one");
    login.set_username("user").expect("it can have one");
    let mut path = reqwest::Url::parse("http://h/x").expect("a URL");
    path.path_segments_mut()
        .expect("it can have some")
        .push(secret);
    let strict = |upper: bool| -> String {
        let one = |byte: u8| match byte {
            byte if byte.is_ascii_alphanumeric() || byte == b'~' => char::from(byte).to_string(),
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        secret.bytes().map(one).collect()
    };
    for text in [
        secret.to_owned(),
        json.clone(),
        twice,
        json.replace('/', "\\/"),
        json.replace('&', "\\u0026"),
        python.to_owned(),
        secret.replace('\'', "'\\''"),
        format!("{secret:?}"),
        query.to_string(),
        login.to_string(),
        path.to_string(),
        strict(true),
        strict(false),
        strict(true).replace("%20", "+"),
    ] {
        let redacted = redactor.text(text.clone());
        assert!(redacted.contains("***"), "{text}: {redacted}");
        for piece in ["s\\", "0&r", "0%26", "0\\u0026"] {
            assert!(!redacted.contains(piece), "{text}: {redacted}");
        }
    }
    for before in ["", "x", "xy", "user:", "long user name:"] {
        for text in [secret, &json] {
            for engine in [STANDARD, URL_SAFE] {
                let encoded = engine.encode(format!("{before}{text}, and what follows"));
                let redacted = redactor.text(encoded.clone());
                let (head, tail) = redacted.split_once("***").expect("it is replaced");
                assert!(head.len() <= before.len() * 4 / 3 + 4, "{redacted}");
                assert!(tail.len() < 30, "{redacted}");
                // In a URL.
                let encoded = encoded
                    .replace('+', "%2B")
                    .replace('/', "%2f")
                    .replace("%2f", "%2F");
                assert!(redactor.finds_in(&encoded), "{encoded}");
            }
        }
    }
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(redactor.text(format!("<{hex}>")), "<***>");
    assert_eq!(redactor.text(format!("<{}>", hex.to_uppercase())), "<***>");
}

#[test]
fn what_is_no_secret_stays() {
    let text = "hunting aHVudGluZw== %20 \\u00e4".to_owned();
    assert_eq!(Redactor::default().text(text.clone()), text);
    assert_eq!(redactor(&["hunter2", ""]).text(text.clone()), text);
    // A short secret is replaced as it is, and its other forms are left.
    let short = redactor(&["abc"]);
    assert_eq!(short.text("abc YWJj 616263".to_owned()), "*** YWJj 616263");
    let short = redactor(&["7"]);
    assert_eq!(
        short.value(json!({"exit_code": 7, "n": "17"})),
        json!({"exit_code": 7, "n": "1***"})
    );
}

#[test]
fn values_are_searched_in_names_and_numbers_too() {
    let redactor = redactor(&["hunter2", "123456"]);
    let value =
        json!({"a": ["say hunter2", 123_456, 1_234_567, true, null], "hunter2": {"b": "x"}});
    let expected = json!({"a": ["say ***", "***", 1_234_567, true, null], "***": {"b": "x"}});
    assert_eq!(redactor.value(value), expected);
}

#[test]
fn lines_of_a_secret_are_secret_and_so_is_it_without_the_space_around_it() {
    let key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----\n";
    let redactor = redactor(&[key, "token-in-a-file\n"]);
    let error = "bad line: hkiG9w0BAQEFAASC".to_owned();
    assert_eq!(redactor.text(error), "bad line: ***");
    assert_eq!(redactor.text("<token-in-a-file>".to_owned()), "<***>");
}

#[test]
fn nothing_is_held_back_but_a_beginning_of_a_secret() {
    let redactor = redactor(&["hunter2"]);
    let mut stream = redactor.stream();
    assert_eq!(stream.push(b"a line\n"), b"a line\n");
    assert_eq!(stream.push(b"> hun"), b"> ");
    assert_eq!(stream.push(b"ting\n"), b"hunting\n");
    assert_eq!(stream.push(b"> hunter"), b"> ");
    assert_eq!(stream.push(b"2!"), b"***!");
    // A secret that becomes known is looked for in what is held.
    assert_eq!(stream.push(b"hunt"), b"");
    redactor.add(["unt-other"]).expect("it fits");
    assert_eq!(stream.push(b"-other"), b"h***");
    assert_eq!(stream.push(b"hunte"), b"");
    assert_eq!(stream.finish(), b"hunte");
}

#[test]
fn a_long_stream_of_overlapping_secrets_ends_and_holds_little() {
    let redactor = redactor(&["abcabc"]);
    let mut stream = redactor.stream();
    let mut out = Vec::new();
    for _ in 0..20_000 {
        out.extend(stream.push(b"abc"));
        assert!(out.len() < 10);
    }
    out.extend(stream.finish());
    assert_eq!(out, b"***");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However a text comes, it is redacted as if it came at once: every byte that belongs to a secret is gone.
    #[test]
    fn pieces_make_no_difference(
        secrets in prop::collection::vec("[ab]{1,6}", 1..4),
        text in "[abc]{0,40}",
        lengths in prop::collection::vec(0usize..6, 0..12),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
        let redactor = redactor(&secrets);
        let mut hidden = vec![false; text.len()];
        let mut joined = vec![false; text.len()];
        for secret in &secrets {
            for start in 0..text.len() {
                if text[start..].starts_with(secret) {
                    hidden[start..start + secret.len()].fill(true);
                    joined[start + 1..start + secret.len()].fill(true);
                }
            }
        }
        let mut expected = String::new();
        for (place, letter) in text.chars().enumerate() {
            match (hidden[place], joined[place]) {
                (false, _) => expected.push(letter),
                (true, false) => expected.push_str("***"),
                (true, true) => {}
            }
        }
        prop_assert_eq!(redactor.text(text.clone()), expected.clone());
        prop_assert_eq!(in_pieces(&redactor, &text, &lengths), expected);
    }
}
