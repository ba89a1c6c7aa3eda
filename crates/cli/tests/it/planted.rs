//! Secrets that a test plants, and the search for them in whatever form they may have been written.

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// What was planted, and where.
#[derive(Default)]
pub(crate) struct Planted(Vec<(&'static str, String)>);

impl Planted {
    /// A secret of its own, with letters that URLs and base64 write otherwise.
    pub(crate) fn plant(&mut self, place: &'static str) -> String {
        let word = place.replace(' ', "-");
        let secret = format!("pl4nted+/{word}~{}", uuid::Uuid::new_v4().simple());
        self.note(place, &secret)
    }

    /// A hook's secret as it is written. It and the bytes in it are planted.
    pub(crate) fn hook_secret(&mut self, place: &'static str) -> String {
        let text = format!("pl4nted+/{}", uuid::Uuid::new_v4().simple());
        self.note(place, &text);
        self.note(place, &format!("whsec_{}", STANDARD.encode(text)))
    }

    pub(crate) fn note(&mut self, place: &'static str, secret: &str) -> String {
        self.0.push((place, secret.to_owned()));
        secret.to_owned()
    }

    /// Panics when something that was planted stands in a text.
    pub(crate) fn absent_from(&self, what: &str, text: &str) {
        for (place, secret) in &self.0 {
            for (form, wanted) in forms(secret) {
                let found = text.find(&wanted);
                let line = found.map(|at| text[..at].lines().last().unwrap_or("").to_owned());
                assert!(
                    found.is_none(),
                    "the secret of {place} stands, {form}, in {what} after: {line:?}"
                );
            }
        }
    }
}

/// How a secret may be written.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let encoded = |upper: bool| -> String {
        let one = |byte: u8| match byte {
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                char::from(byte).to_string()
            }
            byte if upper => format!("%{byte:02X}"),
            byte => format!("%{byte:02x}"),
        };
        secret.bytes().map(one).collect()
    };
    let json = serde_json::Value::from(secret).to_string();
    let mut forms = vec![
        ("plain", secret.to_owned()),
        ("in JSON", json[1..json.len() - 1].to_owned()),
        ("URL-encoded", encoded(true)),
        ("URL-encoded", encoded(false)),
    ];
    for shift in 0..3 {
        let text = STANDARD.encode([&b"..."[..shift], secret.as_bytes()].concat());
        // The first letters depend on what stands before, the last on what follows.
        let whole = text.trim_end_matches('=');
        let whole = &whole[shift + usize::from(shift > 0)..whole.len() - 1];
        forms.push(("in base64", whole.to_owned()));
        forms.push(("in base64", whole.replace('+', "-").replace('/', "_")));
    }
    forms
}

#[test]
fn a_planted_secret_is_found_in_every_form() {
    let mut planted = Planted::default();
    let secret = planted.plant("test");
    let url: String = secret.replace('+', "%2B").replace('/', "%2F");
    for text in [
        format!("x {secret} y"),
        format!("https://x/?k={url}"),
        STANDARD.encode(format!("user:{secret}")),
        STANDARD.encode(format!("user1:{secret}x")),
        STANDARD.encode(format!("user12:{secret}xy")),
    ] {
        let found = std::panic::catch_unwind(|| planted.absent_from("a text", &text));
        assert!(found.is_err(), "{text}");
    }
    planted.absent_from("a text", "nothing");
}
