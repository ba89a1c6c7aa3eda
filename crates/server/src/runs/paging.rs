//! Pages of lists: how long they are, how one leads to the next, and those by limit and offset, as the
//! contracts of jobs have them.

use axum::http::{HeaderMap, HeaderValue, header};
use engine::{Kind, Run, RunId, Status};
use store::runs::{Filter, Found, Search};

use super::labels::Labels;
use crate::{app::App, refusal::Refusal};

const LIMIT_DEFAULT: i64 = 100;
const LIMIT_MAX: i64 = 1_000;

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    limit: i64,
    offset: i64,
    below: RunId,
    labels: Labels,
}

/// The list that a page is of: its path, and what it was asked for besides the page.
pub(crate) struct List<'a> {
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a [(&'a str, &'a Option<String>)],
}

impl Page {
    /// The page that is asked for: so many after those that are skipped, or after the run `cursor`, and only runs
    /// with these labels.
    pub(crate) fn asked(
        limit: Option<i64>,
        offset: Option<i64>,
        cursor: Option<&str>,
        labels: Labels,
    ) -> Result<Self, Refusal> {
        let (limit, offset) = (self::limit(limit)?, offset.unwrap_or(0));
        if offset < 0 {
            return Err(wrong("offset", "must not be negative"));
        }
        if offset > 0 && !labels.0.is_empty() {
            return Err(wrong(
                "offset",
                "cannot stand beside label; go on with cursor",
            ));
        }
        let below = match cursor.map(str::parse) {
            None => RunId::from_bytes([u8::MAX; 16]),
            Some(Ok(id)) => id,
            Some(Err(_)) => return Err(wrong("cursor", "must be the id of a run")),
        };
        Ok(Self {
            limit,
            offset,
            below,
            labels,
        })
    }

    /// All runs of this kind that are on it, and one more, which tells whether there is a next page.
    pub(crate) fn of(&self, kind: Kind) -> Filter {
        Filter {
            kind,
            statuses: Vec::new(),
            name: None,
            priority: None,
            below: self.below,
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
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let (runs, next) = if self.labels.0.is_empty() {
            let found = app.store.read(move |read| store::runs::list(read, &filter));
            let mut runs = found.await?;
            let more = runs.len() > limit;
            runs.truncate(limit);
            let last = runs.last().map(|run| run.id);
            (runs, last.filter(|_| more))
        } else {
            let search = Search {
                statuses: filter.statuses,
                name: filter.name,
                priority: filter.priority,
                labels: self.labels.0.clone(),
                below: filter.below,
                ..Search::of(vec![filter.kind], limit)
            };
            let found = app
                .store
                .read(move |read| store::runs::search(read, &search));
            let Found { runs, next } = found.await?;
            (runs.into_iter().map(|found| found.run).collect(), next)
        };
        let headers = next.map(|next| self.next(&list, next));
        Ok((headers.unwrap_or_default(), runs))
    }

    /// The header that leads to the page after this one. It says after which run that begins: what is submitted
    /// or deleted meanwhile changes nothing of it.
    fn next(&self, list: &List<'_>, cursor: RunId) -> HeaderMap {
        let page = [
            ("limit", Some(self.limit.to_string())),
            ("cursor", Some(cursor.to_string())),
        ];
        let asked = list.parameters.iter();
        let asked = asked.map(|(name, value)| (*name, (*value).clone()));
        let labels = self.labels.0.iter();
        let labels = labels.map(|(name, value)| ("label", Some(format!("{name}={value}"))));
        next_page(list.path, asked.chain(labels).chain(page))
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
