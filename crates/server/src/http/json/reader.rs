//! Reads a value out of well-formed JSON when the quick way has failed: a whole number may be written as `30.0`,
//! and what is wrong is told as a [`FieldError`].

use std::borrow::Cow;

use serde::{
    de::{
        DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
        value::{MapAccessDeserializer, MapDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::{
    bytes::Bytes,
    field_error::{FieldError, PathStep},
    scan::Scanner,
};

/// By this name serde_json asks for the text of a value as it stands.
const RAW_VALUE: &str = "$serde_json::private::RawValue";
/// Up to here each whole number has a float of its own.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Reads one value.
pub(super) struct Reader<'a, 'de>(pub(super) &'a mut Scanner<'de>);

impl<'de> Reader<'_, 'de> {
    fn string(&mut self) -> Result<Cow<'de, str>, FieldError> {
        text_of(self.0.value())
    }

    fn number<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value, FieldError> {
        let text = str::from_utf8(self.0.value()).unwrap_or_default();
        if let Ok(number) = text.parse() {
            return visitor.visit_u64(number);
        }
        if let Ok(number) = text.parse() {
            return visitor.visit_i64(number);
        }
        match text.parse::<f64>() {
            // JSON has one kind of number.
            Ok(number) if number.fract() == 0.0 && number.abs() <= EXACT => {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole and small")]
                let whole = number as i64;
                match u64::try_from(whole) {
                    Ok(whole) => visitor.visit_u64(whole),
                    Err(_) => visitor.visit_i64(whole),
                }
            }
            Ok(number) if number.is_finite() => visitor.visit_f64(number),
            _ => Err(FieldError::must("must be a number that is not so large")),
        }
    }

    fn object<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.0.pass();
        let mut entries = ObjectEntries {
            scanner: self.0,
            key: String::new(),
        };
        let value = visitor.visit_map(&mut entries)?;
        match entries.scanner.pass_if(b'}') {
            true => Ok(value),
            false => Err(FieldError::must("must have no more fields")),
        }
    }

    fn array<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.0.pass();
        let mut items = ArrayItems {
            scanner: self.0,
            index: 0,
        };
        let value = visitor.visit_seq(&mut items)?;
        match items.scanner.pass_if(b']') {
            true => Ok(value),
            false => Err(FieldError::must("must have fewer items")),
        }
    }
}

/// The characters of a string.
pub(super) fn text_of(token: &[u8]) -> Result<Cow<'_, str>, FieldError> {
    let inner = token
        .get(1..token.len().saturating_sub(1))
        .unwrap_or_default();
    if !inner.contains(&b'\\')
        && let Ok(text) = str::from_utf8(inner)
    {
        return Ok(Cow::Borrowed(text));
    }
    let text = serde_json::from_slice(token).map(Cow::Owned);
    text.map_err(|_| {
        FieldError::must("must be a string of UTF-8, without halves of pairs of surrogates")
    })
}

impl<'de> Deserializer<'de> for Reader<'_, 'de> {
    type Error = FieldError;

    fn deserialize_any<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, FieldError> {
        match self.0.peek() {
            b'{' => self.object(visitor),
            b'[' => self.array(visitor),
            b'"' => match self.string()? {
                Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
                Cow::Owned(text) => visitor.visit_string(text),
            },
            b't' | b'f' => visitor.visit_bool(self.0.value() == b"true"),
            b'n' => {
                self.0.value();
                visitor.visit_unit()
            }
            _ => self.number(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.0.peek() == b'n' {
            self.0.value();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        if name != RAW_VALUE {
            return visitor.visit_newtype_struct(self);
        }
        let text = str::from_utf8(self.0.value());
        let text = text.map_err(|_| FieldError::must("must be UTF-8"))?;
        visitor.visit_map(MapDeserializer::new([(RAW_VALUE, text)].into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        match self.0.peek() {
            b'"' => {
                let word = self.string()?;
                let word: StrDeserializer<'_, FieldError> = word.as_ref().into_deserializer();
                visitor.visit_enum(word)
            }
            b'{' => self.object(Variant {
                name,
                variants,
                visitor,
            }),
            _ => {
                let words = variants.join(", ");
                let wrong = self.deserialize_any(Wanted(format!("one of {words}")));
                wrong.and_then(|()| Err(FieldError::must(format!("must be one of {words}"))))
            }
        }
    }

    /// A string that is asked for as bytes need not be one of characters.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        if self.0.peek() != b'"' {
            return self.deserialize_any(visitor);
        }
        let token = self.0.value();
        let bytes: Result<Bytes, _> = serde_json::from_slice(token);
        let Bytes(bytes) = bytes.map_err(|_| FieldError::must("must be a string"))?;
        visitor.visit_byte_buf(bytes)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        self.0.value();
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string
        unit unit_struct seq tuple tuple_struct map struct identifier
    }
}

/// The fields of an object.
struct ObjectEntries<'a, 'de> {
    scanner: &'a mut Scanner<'de>,
    /// That of the value which comes next.
    key: String,
}

impl<'de> MapAccess<'de> for &mut ObjectEntries<'_, 'de> {
    type Error = FieldError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, FieldError> {
        self.scanner.pass_if(b',');
        if self.scanner.peek() != b'"' {
            return Ok(None);
        }
        let key = text_of(self.scanner.value())?;
        self.scanner.pass_if(b':');
        self.key.clear();
        self.key.push_str(&key);
        let key: StrDeserializer<'_, FieldError> = key.as_ref().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(
        &mut self,
        seed: V,
    ) -> Result<V::Value, FieldError> {
        let value = seed.deserialize(Reader(self.scanner));
        value.map_err(|error| error.within(PathStep::Field(std::mem::take(&mut self.key))))
    }
}

/// The items of an array.
struct ArrayItems<'a, 'de> {
    scanner: &'a mut Scanner<'de>,
    index: u64,
}

impl<'de> SeqAccess<'de> for &mut ArrayItems<'_, 'de> {
    type Error = FieldError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, FieldError> {
        self.scanner.pass_if(b',');
        if self.scanner.peek() == b']' {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        let item = seed.deserialize(Reader(self.scanner));
        item.map(Some)
            .map_err(|error| error.within(PathStep::Item(index)))
    }
}

/// An enum that is written as an object with its variant as the one field.
struct Variant<V> {
    name: &'static str,
    variants: &'static [&'static str],
    visitor: V,
}

impl<'de, V: Visitor<'de>> Visitor<'de> for Variant<V> {
    type Value = V::Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.visitor.expecting(f)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<V::Value, A::Error> {
        MapAccessDeserializer::new(map).deserialize_enum(self.name, self.variants, self.visitor)
    }
}

/// Takes nothing, and says what is wanted.
struct Wanted(String);

impl Visitor<'_> for Wanted {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}
