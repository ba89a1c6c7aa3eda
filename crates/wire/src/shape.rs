//! Shapes that are read otherwise than serde does by itself.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor, value::MapAccessDeserializer},
};

use crate::text::lossy;

/// A value that must be written as a JSON object. A derived struct alone would also take an array
/// of its fields in their order.
#[derive(Clone, Copy, Debug)]
pub struct Object<T>(pub T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Fields<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(fields)).map(Object)
            }
        }

        deserializer.deserialize_map(Fields(PhantomData))
    }
}

/// A text that many programs write as `null` when there is none.
pub(crate) fn null_is_empty<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// What a program printed, as its executor sends it; `null` when there is none. A string of JSON may
/// hold what is no character, for instance the half of a pair of surrogates that is left where a text
/// of UTF-16 was cut: refusing it would lose the result.
pub(crate) fn printed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    optional_printed(deserializer).map(Option::unwrap_or_default)
}

/// The same, where none differs from an empty one.
pub(crate) fn optional_printed<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<String>, D::Error> {
    let text = Option::<Printed>::deserialize(deserializer)?;
    Ok(text.map(|Printed(text)| text))
}

struct Printed(String);

impl<'de> Deserialize<'de> for Printed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = Printed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_str<E>(self, text: &str) -> Result<Printed, E> {
                Ok(Printed(text.to_owned()))
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Printed, E> {
                Ok(Printed(lossy(bytes.to_vec())))
            }
        }

        // A string that is asked for as bytes need not be one of characters.
        deserializer.deserialize_bytes(Text)
    }
}

/// A value that must be an object.
pub(crate) fn whole<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Object::deserialize(deserializer).map(|Object(value)| value)
}

/// An optional field that must be an object.
pub(crate) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = Option::<Object<T>>::deserialize(deserializer)?;
    Ok(value.map(|Object(value)| value))
}

/// A map of strings that is refused when a key stands in it twice: taking one of the values would be a
/// guess.
pub(crate) fn unique<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    deserializer.deserialize_any(Unique("an object of strings", PhantomData))
}

/// The same with other values.
pub(crate) fn unique_of<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, T>>, D::Error> {
    deserializer.deserialize_any(Unique("an object", PhantomData))
}

/// A value of an environment: a text, or a number or truth value, which is written as one.
struct Scalar(String);

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(text)),
            serde_json::Value::Null => Ok(Self(String::new())),
            value @ (serde_json::Value::Number(_) | serde_json::Value::Bool(_)) => {
                Ok(Self(value.to_string()))
            }
            _ => Err(Error::custom("a string, a number or a truth value")),
        }
    }
}

/// An environment, each name once.
pub(crate) fn environment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    optional_environment(deserializer).map(Option::unwrap_or_default)
}

/// The same, where none differs from an empty one.
pub(crate) fn optional_environment<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<BTreeMap<String, String>>, D::Error> {
    let map = unique_of::<Scalar, D>(deserializer)?;
    let plain = |(name, Scalar(value))| (name, value);
    Ok(map.map(|map| map.into_iter().map(plain).collect()))
}

struct Unique<T>(&'static str, PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for Unique<T> {
    type Value = Option<BTreeMap<String, T>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = BTreeMap::new();
        while let Some((key, value)) = entries.next_entry::<String, T>()? {
            if map.contains_key(&key) {
                return Err(Error::custom(format!("key `{key}` stands there twice")));
            }
            map.insert(key, value);
        }
        Ok(Some(map))
    }
}
