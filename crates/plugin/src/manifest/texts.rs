//! The texts of a manifest, each with what it may be.

use serde::Deserialize;

/// A plugin's name.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Name(pub(super) String);

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        let good = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if (1..=64).contains(&name.len()) && name.bytes().all(good) {
            return Ok(Self(name));
        }
        Err("a name is 1 to 64 of a-z, 0-9 and -")
    }
}

#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Version(pub(super) String);

impl TryFrom<String> for Version {
    type Error = &'static str;

    fn try_from(version: String) -> Result<Self, Self::Error> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'+');
        if (1..=64).contains(&version.len()) && version.bytes().all(good) {
            return Ok(Self(version));
        }
        Err("a version is 1 to 64 letters, digits, dots, - and +")
    }
}

/// A metric's name.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Field(pub(super) String);

impl TryFrom<String> for Field {
    type Error = &'static str;

    fn try_from(field: String) -> Result<Self, Self::Error> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if (1..=64).contains(&field.len()) && field.bytes().all(good) {
            return Ok(Self(field));
        }
        Err("the name of a metric is 1 to 64 letters, digits, _, - and dots")
    }
}

/// A text for people.
#[derive(Deserialize, Default)]
#[serde(try_from = "String")]
pub(super) struct Sentence(pub(super) String);

impl TryFrom<String> for Sentence {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() <= 1000 && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        Err("a text is at most 1,000 bytes long, on one line")
    }
}

/// What a metric counts in: as long as the server takes it.
#[derive(Deserialize, Default)]
#[serde(try_from = "String")]
pub(super) struct Unit(pub(super) String);

impl TryFrom<String> for Unit {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.len() <= 255 && !text.chars().any(char::is_control) {
            return Ok(Self(text));
        }
        Err("a unit is at most 255 bytes long, on one line")
    }
}
