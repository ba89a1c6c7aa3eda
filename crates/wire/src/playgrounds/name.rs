//! Things that are named by their id or by their name.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use serde_json::Value;

/// An id, or a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdOrName(pub String);

impl IdOrName {
    /// The id, if it may be one. A name may look like one too.
    #[must_use]
    pub fn id(&self) -> Option<i64> {
        self.0.parse().ok().filter(|id| *id > 0)
    }
}

impl Serialize for IdOrName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.id() {
            Some(id) => serializer.serialize_i64(id),
            None => serializer.serialize_str(&self.0),
        }
    }
}

impl<'de> Deserialize<'de> for IdOrName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Number(number) if number.is_i64() => Ok(Self(number.to_string())),
            Value::String(text) => Ok(Self(text)),
            _ => Err(D::Error::custom("an id or a name")),
        }
    }
}

impl utoipa::PartialSchema for IdOrName {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::{ObjectBuilder, OneOfBuilder, Type};
        let of = |kind| ObjectBuilder::new().schema_type(kind);
        OneOfBuilder::new()
            .item(of(Type::Integer))
            .item(of(Type::String))
            .into()
    }
}

impl utoipa::ToSchema for IdOrName {}

#[cfg(test)]
mod tests {
    use super::IdOrName;

    #[test]
    fn ids_and_names_are_read() {
        let read = |json: &str| serde_json::from_str::<IdOrName>(json).ok();
        assert_eq!(read("7").and_then(|one| one.id()), Some(7));
        assert_eq!(read("\"7\"").and_then(|one| one.id()), Some(7));
        assert_eq!(read("\"web\""), Some(IdOrName("web".to_owned())));
        assert_eq!(read("\"web\"").and_then(|one| one.id()), None);
        assert_eq!(read("0").and_then(|one| one.id()), None);
        for wrong in ["1.5", "null", "[1]", "true"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
