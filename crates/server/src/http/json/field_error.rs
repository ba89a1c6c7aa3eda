//! What is wrong with a value that a client sent: where it stands, what came and what is wanted, in the words
//! of JSON. No type of ours has a name there.

use std::fmt;

use serde::de::{self, Expected, Unexpected};

use crate::refusal::Refusal;

/// A value that is not as it must be.
#[derive(Debug)]
pub(crate) struct FieldError {
    /// From the inside to the outside.
    path: Vec<PathStep>,
    message: Message,
}

/// A step on the way to a value.
#[derive(Debug)]
pub(super) enum PathStep {
    Field(String),
    Item(u64),
}

#[derive(Debug)]
enum Message {
    /// Goes on after the name of the field.
    Predicate(String),
    /// Is a sentence of its own.
    Sentence(String),
}

impl FieldError {
    /// What a value must be, to be said after its name.
    pub(crate) fn must(predicate: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            message: Message::Predicate(predicate.into()),
        }
    }

    fn of_field(name: &str, predicate: impl Into<String>) -> Self {
        Self::must(predicate).of(name)
    }

    /// The same error, of the field with this name.
    pub(crate) fn of(self, name: &str) -> Self {
        self.within(PathStep::Field(name.to_owned()))
    }

    /// The same error, seen from a step further out.
    pub(super) fn within(mut self, step: PathStep) -> Self {
        self.path.push(step);
        self
    }

    /// The refusal. Of a list the index of the item stands beside the field.
    pub(crate) fn refuse(self) -> Refusal {
        let mut path = self.path;
        let index = match path.pop() {
            Some(PathStep::Item(index)) => Some(index),
            outermost => {
                path.extend(outermost);
                None
            }
        };
        let mut field = String::new();
        for step in path.iter().rev() {
            match step {
                PathStep::Item(index) => field += &format!("[{index}]"),
                PathStep::Field(name) if field.is_empty() => field.push_str(name),
                PathStep::Field(name) => field += &format!(".{name}"),
            }
        }
        let (field, name) = match field.as_str() {
            "" if index.is_some() => ("body".to_owned(), "the item".to_owned()),
            "" => ("body".to_owned(), "the body".to_owned()),
            _ => (field.clone(), field),
        };
        let message = match self.message {
            Message::Predicate(predicate) => format!("{name} {predicate}"),
            Message::Sentence(sentence) => format!("{name}: {sentence}"),
        };
        let refusal = Refusal::field(field, message);
        match index {
            Some(index) => refusal.about("index", index),
            None => refusal,
        }
    }
}

impl de::Error for FieldError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        if message.starts_with("must ") {
            return Self::must(message);
        }
        let message = match message.starts_with("data did not match any variant") {
            true => "it has a form that is not known here".to_owned(),
            false => message,
        };
        Self {
            path: Vec::new(),
            message: Message::Sentence(message),
        }
    }

    fn invalid_type(came: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::must(format!(
            "must be {}, not {}",
            self::wanted(wanted),
            kind(came)
        ))
    }

    fn invalid_value(came: Unexpected<'_>, wanted: &dyn Expected) -> Self {
        Self::must(format!(
            "must be {}, not {}",
            self::wanted(wanted),
            value(came)
        ))
    }

    fn invalid_length(length: usize, wanted: &dyn Expected) -> Self {
        Self::must(format!(
            "must be {}, and has {length}",
            self::wanted(wanted)
        ))
    }

    fn unknown_variant(variant: &str, known: &'static [&'static str]) -> Self {
        Self::must(format!(
            "must be one of {}, not {variant:?}",
            known.join(", ")
        ))
    }

    fn unknown_field(field: &str, known: &'static [&'static str]) -> Self {
        let known = known.join(", ");
        Self::of_field(field, format!("is not known here; there are {known}"))
    }

    fn missing_field(field: &'static str) -> Self {
        Self::of_field(field, "is missing")
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::of_field(field, "stands there twice")
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Message::Predicate(text) | Message::Sentence(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for FieldError {}

/// What is wanted, without the names of types.
fn wanted(wanted: &dyn Expected) -> String {
    let text = wanted.to_string();
    let words = match text.as_str() {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" => "a whole number from 0 to 4294967295",
        "u64" | "usize" => "a whole number that is not negative",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a borrowed string" | "a character" | "variant identifier" | "field identifier" => {
            "a string"
        }
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        text => {
            let starts = |starts: &[&str]| starts.iter().any(|start| text.starts_with(start));
            if starts(&["struct ", "internally tagged", "adjacently tagged"]) {
                "an object"
            } else if starts(&["tuple", "a tuple"]) {
                "an array"
            } else if starts(&["enum ", "variant of enum"]) {
                "one of the words of this field"
            } else {
                text
            }
        }
    };
    words.to_owned()
}

/// What came, where the kind of value is wrong. A text may be a secret, and is not repeated.
fn kind(came: Unexpected<'_>) -> String {
    match came {
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "a string".to_owned(),
        came => value(came),
    }
}

/// What came.
fn value(came: Unexpected<'_>) -> String {
    match came {
        Unexpected::Bool(value) => value.to_string(),
        Unexpected::Unsigned(number) => number.to_string(),
        Unexpected::Signed(number) => number.to_string(),
        Unexpected::Float(number) => number.to_string(),
        Unexpected::Str(text) => format!("{text:?}"),
        Unexpected::Char(character) => format!("{character:?}"),
        Unexpected::Unit | Unexpected::Option => "null".to_owned(),
        Unexpected::Seq | Unexpected::TupleVariant => "an array".to_owned(),
        Unexpected::Map | Unexpected::StructVariant => "an object".to_owned(),
        Unexpected::Other(text) => text.to_owned(),
        _ => "this".to_owned(),
    }
}
