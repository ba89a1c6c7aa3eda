//! Reads the parameters of a query string into a struct, and refuses those that a route does not have.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::Uri,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse, Response},
    routing::MethodRouter,
};
use serde::{
    de::{
        DeserializeOwned, Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor,
        value::{MapDeserializer, StrDeserializer},
    },
    forward_to_deserialize_any,
};

use super::json::FieldError;
use crate::refusal::Refusal;

/// The parameters of a request; a refusal names the one that is wrong.
pub(crate) fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Refusal> {
    let query = uri.query().unwrap_or_default();
    let mut pairs = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        pairs.push((
            name.clone().into_owned(),
            Text {
                name: name.into_owned(),
                value: value.into_owned(),
            },
        ));
    }
    T::deserialize(MapDeserializer::new(pairs.into_iter())).map_err(FieldError::refuse)
}

/// The names that a route takes.
type Names = Arc<Vec<String>>;

/// Routes that refuse every parameter but these: one that is misspelt would be a filter that lets everything through.
pub(crate) fn only<S: Clone + Send + Sync + 'static>(
    names: Vec<String>,
    routes: MethodRouter<S>,
) -> MethodRouter<S> {
    routes.route_layer(from_fn_with_state(Arc::new(names), check))
}

async fn check(State(names): State<Names>, request: Request, next: Next) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let mut parameters = url::form_urlencoded::parse(query.as_bytes());
    let unknown =
        parameters.find(|(name, _)| !name.is_empty() && !names.iter().any(|known| known == name));
    match unknown {
        None => next.run(request).await,
        Some((name, _)) => refuse(&name, &names).into_response(),
    }
}

fn refuse(name: &str, names: &[String]) -> Refusal {
    let known = || names.iter().map(String::as_str);
    let alike = || {
        let mut alike =
            known().filter(|known| name.get(..3).is_some_and(|start| known.starts_with(start)));
        alike.next()
    };
    let hint = match playbook::nearest(name, known()).or_else(alike) {
        Some(meant) => format!("did you mean {meant}?"),
        None if names.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", names.join(", ")),
    };
    Refusal::field(
        name,
        format!("{name} is not a parameter of this route: {hint}"),
    )
}

/// The value of a parameter. It is a text, whatever it says.
struct Text {
    name: String,
    value: String,
}

impl IntoDeserializer<'_, FieldError> for Text {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl Text {
    fn or_wrong<T>(self, read: Result<T, FieldError>) -> Result<T, FieldError> {
        read.map_err(|error| error.of(&self.name))
    }
}

macro_rules! numbers {
    ($($read:ident $visit:ident $wanted:literal),+ $(,)?) => {$(
        fn $read<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
            let read = match self.value.parse() {
                Ok(number) => visitor.$visit(number),
                Err(_) => {
                    let came = Unexpected::Str(&self.value);
                    Err(FieldError::invalid_value(came, &$wanted))
                }
            };
            self.or_wrong(read)
        }
    )+};
}

impl<'de> Deserializer<'de> for Text {
    type Error = FieldError;

    numbers! {
        deserialize_i8 visit_i8 "i8",
        deserialize_i16 visit_i16 "i16",
        deserialize_i32 visit_i32 "i32",
        deserialize_i64 visit_i64 "i64",
        deserialize_u8 visit_u8 "u8",
        deserialize_u16 visit_u16 "u16",
        deserialize_u32 visit_u32 "u32",
        deserialize_u64 visit_u64 "u64",
        deserialize_f32 visit_f32 "f32",
        deserialize_f64 visit_f64 "f64",
        deserialize_bool visit_bool "a boolean",
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        let Self { name, value } = self;
        visitor
            .visit_string(value)
            .map_err(|error: FieldError| error.of(&name))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, FieldError> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, FieldError> {
        let word: StrDeserializer<'_, FieldError> = self.value.as_str().into_deserializer();
        let read = visitor.visit_enum(word);
        self.or_wrong(read)
    }

    forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map
        struct identifier ignored_any
    }
}
