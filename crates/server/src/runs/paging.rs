//! Pages of lists: how long they are, how one leads to the next, and those by limit and offset, as the
//! contracts of jobs have them.

use axum::http::{HeaderMap, HeaderValue, header};
use engine::{Kind, Run, Status};
use store::runs::Filter;

use crate::{app::App, refusal::Refusal};

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 1_000;

/// A page of a list, newest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    limit: i64,
    offset: i64,
}

/// The list that a page is of: its path, and what it was asked for besides the page.
pub(crate) struct List<'a> {
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a Option<String>)],
}

impl Page {
    /// The page that is asked for.
    pub(crate) fn asked(limit: Option<i64>, offset: Option<i64>) -> Result<Self, Refusal> {
        let (limit, offset) = (self::limit(limit)?, offset.unwrap_or(0));
        if offset < 0 {
            return Err(wrong("offset", "must not be negative"));
        }
        Ok(Self { limit, offset })
    }

    /// All runs of this kind that are on it, and one more, which tells whether there is a next page.
    pub(crate) fn of(self, kind: Kind) -> Filter {
        Filter {
            kind,
            statuses: Vec::new(),
            name: None,
            priority: None,
            limit: self.limit + 1,
            offset: self.offset,
        }
    }

    /// The runs on it, and the header that leads to the next one.
    pub(crate) async fn read(
        self,
        app: &App,
        filter: Filter,
        list: List<'_>,
    ) -> Result<(HeaderMap, Vec<Run>), store::Error> {
        let found = app.store.read(move |read| store::runs::list(read, &filter));
        let mut runs = found.await?;
        let more = i64::try_from(runs.len()).is_ok_and(|found| found > self.limit);
        runs.truncate(usize::try_from(self.limit).unwrap_or(usize::MAX));
        let headers = if more {
            self.next(&list)
        } else {
            HeaderMap::new()
        };
        Ok((headers, runs))
    }

    /// The header that leads to the page after this one.
    fn next(self, list: &List<'_>) -> HeaderMap {
        let offset = self.offset.saturating_add(self.limit);
        let page = [("limit", self.limit), ("offset", offset)];
        let page = page.map(|(name, value)| (name, Some(value.to_string())));
        let asked = list.parameters.iter();
        let asked = asked.map(|(name, value)| (*name, (*value).clone()));
        next_page(list.path, asked.chain(page))
    }
}

/// How many rows a page has that is asked for with this limit.
pub(crate) fn limit(asked: Option<i64>) -> Result<i64, Refusal> {
    match asked.unwrap_or(LIMIT_DEFAULT) {
        ..1 => Err(wrong("limit", "must be at least 1")),
        // The contracts name a maximum, not a refusal.
        limit => Ok(limit.min(LIMIT_MAX)),
    }
}

/// The header that leads to the next page: the path of the list with those parameters that have a value.
pub(crate) fn next_page<'a>(
    path: &str,
    parameters: impl IntoIterator<Item = (&'a str, Option<String>)>,
) -> HeaderMap {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters {
        query.extend_pairs(value.map(|value| (name, value)));
    }
    let link = format!("<{path}?{}>; rel=\"next\"", query.finish());
    let link = HeaderValue::from_str(&link).map(|link| (header::LINK, link));
    link.into_iter().collect()
}

/// The states behind a contract's word; `word_of` is what the contract calls each.
pub(crate) fn statuses(
    word: &str,
    word_of: fn(Status) -> &'static str,
) -> Result<Vec<Status>, Refusal> {
    let all = Status::ALL.iter().copied();
    let found: Vec<Status> = all.filter(|status| word_of(*status) == word).collect();
    if found.is_empty() {
        let mut words: Vec<&str> = Status::ALL.iter().map(|status| word_of(*status)).collect();
        words.dedup();
        let message = format!("must be one of {}", words.join(", "));
        return Err(wrong("status", &message));
    }
    Ok(found)
}

fn wrong(field: &str, message: &str) -> Refusal {
    Refusal::field(field, format!("{field} {message}"))
}
