//! A JSON value that is handed on as it was written: what a submitter or a plugin says keeps every digit, where
//! readers of numbers keep 64 bits of each.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::{Value, value::RawValue};

/// A JSON value as its text, without white space between its tokens.
#[derive(Clone)]
pub struct JsonText(Box<RawValue>);

impl JsonText {
    /// # Errors
    /// The text is not JSON, or has a number or a string that no value can hold.
    pub fn new(text: &str) -> serde_json::Result<Self> {
        Self::checked(serde_json::from_str(text)?)
    }

    /// What has a JSON form, in that form.
    #[must_use]
    pub fn of(value: &impl Serialize) -> Self {
        serde_json::value::to_raw_value(value).map_or_else(|_| Self::default(), Self)
    }

    fn checked(raw: Box<RawValue>) -> serde_json::Result<Self> {
        // Escapes and the sizes of numbers are not looked at before.
        serde_json::from_str::<Value>(raw.get())?;
        match dense(raw.get()) {
            Some(text) => RawValue::from_string(text).map(Self),
            None => Ok(Self(raw)),
        }
    }

    /// The text.
    #[must_use]
    pub fn get(&self) -> &str {
        self.0.get()
    }

    /// The value, with what its numbers keep.
    #[must_use]
    pub fn value(&self) -> Value {
        // It was read before.
        serde_json::from_str(self.get()).unwrap_or_default()
    }

    /// Whether it is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.get() == "null"
    }
}

/// The text without white space between its tokens, if there is any.
fn dense(text: &str) -> Option<String> {
    let (mut quoted, mut escaped) = (false, false);
    let mut is_kept = |byte: u8| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            byte => return quoted || !byte.is_ascii_whitespace(),
        }
        true
    };
    let kept: Vec<u8> = text.bytes().filter(|byte| is_kept(*byte)).collect();
    if kept.len() == text.len() {
        return None;
    }
    // Whole characters were left out.
    String::from_utf8(kept).ok()
}

impl Default for JsonText {
    fn default() -> Self {
        Self(RawValue::NULL.to_owned())
    }
}

impl From<Value> for JsonText {
    fn from(value: Value) -> Self {
        Self::of(&value)
    }
}

impl PartialEq for JsonText {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl PartialEq<Value> for JsonText {
    fn eq(&self, other: &Value) -> bool {
        self.value() == *other
    }
}

impl fmt::Debug for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl fmt::Display for JsonText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.get())
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let wrong =
            "must be JSON without halves of pairs of surrogates and without numbers beyond 1e308";
        Self::checked(raw).map_err(|_| D::Error::custom(wrong))
    }
}

#[cfg(test)]
mod tests {
    use super::JsonText;

    #[test]
    fn every_digit_stays_and_white_space_goes() {
        let text = "{ \"a b\" : [ 123456789012345678901234567890 ,\n 0.1000000000000000055511151231257827, 1.0,\t-0.0 ],\
            \"\\\" \\\\\" : \" x \" }\r\n";
        let dense = "{\"a b\":[123456789012345678901234567890,0.1000000000000000055511151231257827,1.0,-0.0],\
            \"\\\" \\\\\":\" x \"}";
        let read = JsonText::new(text).expect("JSON");
        assert_eq!(read.get(), dense);
        let again: JsonText = serde_json::from_str(text).expect("JSON");
        assert_eq!(serde_json::to_string(&again).expect("JSON"), dense);
        for wrong in ["", "{", "1 2", "\"\\ud800\"", "1e999"] {
            assert!(JsonText::new(wrong).is_err(), "{wrong}");
        }
    }
}
