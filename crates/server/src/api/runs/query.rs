//! What is asked for in a list, as a search of the store.

use std::str::FromStr;

use axum::{extract::FromRequestParts, http::request::Parts};
use engine::{Kind, RunId};
use store::runs::Search;
use wire::{Timestamp, runs::RunQuery};

use crate::{
    http::extract::Params,
    refusal::Refusal,
    runs::{labels, paging},
};

/// A shorter text is not looked up as the beginning of an id alone: names begin so, too.
const PREFIX_MIN: usize = 8;

/// The parameters of a list of runs, of which `label` may be repeated.
pub(crate) struct RunParams(pub(super) RunQuery);

impl<S: Sync + Send> FromRequestParts<S> for RunParams {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let Params(mut query) = Params::<RunQuery>::from_request_parts(parts, state).await?;
        let all = parts.uri.query().unwrap_or_default();
        let labels = url::form_urlencoded::parse(all.as_bytes());
        let labels = labels.filter(|(name, _)| name == "label");
        query.label = labels.map(|(_, label)| label.into_owned()).collect();
        Ok(Self(query))
    }
}

/// A query, read. `readable` are the kinds that the caller may read.
pub(super) fn search(query: &RunQuery, readable: Vec<Kind>) -> Result<Search, Refusal> {
    let limit = usize::try_from(paging::limit(query.limit)?).unwrap_or(usize::MAX);
    let mut search = Search::of(readable, limit);
    if let Some(kinds) = &query.kind {
        let kinds: Vec<Kind> = words("kind", kinds, Kind::ALL)?;
        search.kinds.retain(|kind| kinds.contains(kind));
    }
    if let Some(statuses) = &query.status {
        search.statuses = words("status", statuses, engine::Status::ALL)?;
    }
    search.name = text("name", query.name.as_ref())?;
    search.text = text("text", query.text.as_ref())?.map(|text| text.to_lowercase());
    for label in &query.label {
        search.labels.push(labels::read(label)?);
    }
    search.parent = id("parent", query.parent.as_ref())?;
    if let Some(since) = time("since", query.since.as_ref())? {
        search.from = store::retention::first_id_at(since);
    }
    if let Some(until) = time("until", query.until.as_ref())? {
        search.below = store::retention::first_id_at(until);
    }
    if let Some(cursor) = id("cursor", query.cursor.as_ref())? {
        search.below = search.below.min(cursor);
    }
    Ok(search)
}

/// The ids that begin with this text: the first, and the first after them. Nothing when a text is too short,
/// or no id begins so.
pub(super) fn ids_with_prefix(text: &str) -> Option<(RunId, RunId)> {
    const FIRST: &str = "00000000-0000-0000-0000-000000000000";
    const LAST: &str = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    if text.len() < PREFIX_MIN || !text.is_ascii() {
        return None;
    }
    let first: RunId = format!("{text}{}", FIRST.get(text.len()..)?).parse().ok()?;
    let last: RunId = format!("{text}{}", LAST.get(text.len()..)?).parse().ok()?;
    let after = u128::from_be_bytes(*last.as_bytes()).checked_add(1)?;
    Some((first, RunId::from_bytes(after.to_be_bytes())))
}

/// Words of a closed set, separated by commas.
fn words<T: FromStr + ToString>(field: &str, text: &str, all: &[T]) -> Result<Vec<T>, Refusal> {
    let words = text.split(',').map(|word| word.trim().parse());
    let words: Result<Vec<T>, _> = words.collect();
    words.map_err(|_| {
        let all: Vec<String> = all.iter().map(T::to_string).collect();
        let message = format!(
            "{field} must be one of {}; several are separated by commas",
            all.join(", ")
        );
        Refusal::field(field, message)
    })
}

fn text(field: &str, text: Option<&String>) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if text.contains('\0') => Err(Refusal::field(
            field,
            format!("{field} must not contain NUL"),
        )),
        text => Ok(text.cloned()),
    }
}

fn id(field: &str, text: Option<&String>) -> Result<Option<RunId>, Refusal> {
    let id = text.map(|text| text.parse()).transpose();
    id.map_err(|_| Refusal::field(field, format!("{field} must be the id of a run")))
}

fn time(field: &str, text: Option<&String>) -> Result<Option<i64>, Refusal> {
    let time = text.map(|text| text.parse::<Timestamp>()).transpose();
    let time = time.map_err(|_| {
        let message = format!("{field} must be a time such as 2030-01-31T12:00:00Z");
        Refusal::field(field, message)
    })?;
    Ok(time.map(|Timestamp(at)| at))
}

#[cfg(test)]
mod tests {
    use super::ids_with_prefix;

    #[test]
    fn a_beginning_of_an_id_stands_for_all_ids_that_begin_so() {
        let (from, below) = ids_with_prefix("0199f2c4-8").expect("a beginning");
        assert_eq!(from.to_string(), "0199f2c4-8000-0000-0000-000000000000");
        assert_eq!(below.to_string(), "0199f2c4-9000-0000-0000-000000000000");
        let whole = "0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2ff";
        let (from, below) = ids_with_prefix(whole).expect("an id");
        assert_eq!(from.to_string(), whole);
        assert_eq!(below.to_string(), "0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b300");
        for other in [
            "0199f2c",
            "0199f2c48",
            "nightly-job",
            "ffffffff",
            "ééééé",
            "0199f2c4-8b1e-7cc0-a2d4-51c7e0a1b2ff0",
        ] {
            assert_eq!(ids_with_prefix(other), None, "{other}");
        }
    }
}
