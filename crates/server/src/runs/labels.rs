//! Which labels the runs of a list must have.

use axum::{extract::FromRequestParts, http::request::Parts};

use crate::refusal::Refusal;

/// The parameters `label=name=value` of a query: a run must have all of them. Names and values.
#[derive(Clone, Debug, Default)]
pub(crate) struct Labels(pub(crate) Vec<(String, String)>);

impl<S: Sync + Send> FromRequestParts<S> for Labels {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = parts.uri.query().unwrap_or_default();
        let labels = url::form_urlencoded::parse(query.as_bytes());
        let labels = labels.filter(|(name, _)| name == "label");
        labels
            .map(|(_, label)| read(&label))
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

/// A name and a value.
pub(crate) fn read(label: &str) -> Result<(String, String), Refusal> {
    match label.split_once('=') {
        _ if label.contains('\0') => Err(Refusal::field("label", "label must not contain NUL")),
        Some((name, value)) => Ok((name.to_owned(), value.to_owned())),
        None => {
            let message = "label must be name=value; repeat the parameter for several labels";
            Err(Refusal::field("label", message))
        }
    }
}
