//! Lists: bare, or by pages when the query asks for them.

use wire::playgrounds::{Listed, PageMeta, PageOf};

use crate::{playgrounds::FieldErrors, refusal::Refusal};

const PER_PAGE: i64 = 25;
const PER_PAGE_LIMIT: i64 = 100;

/// Which page is asked for, if one is.
pub(super) fn asked(
    page: Option<i64>,
    per_page: Option<i64>,
) -> Result<Option<(i64, i64)>, Refusal> {
    if page.is_none() && per_page.is_none() {
        return Ok(None);
    }
    let (page, per_page) = (page.unwrap_or(1), per_page.unwrap_or(PER_PAGE));
    let mut errors = FieldErrors::default();
    if page < 1 {
        errors.add("page", "must be at least 1");
    }
    if per_page < 1 {
        errors.add("per_page", "must be at least 1");
    }
    errors.refuse()?;
    Ok(Some((page, per_page.min(PER_PAGE_LIMIT))))
}

/// The list, or the page of it.
pub(super) fn answer<T>(items: Vec<T>, page: Option<(i64, i64)>) -> axum::Json<Listed<T>> {
    let Some((page, per_page)) = page else {
        return axum::Json(Listed::Bare(items));
    };
    let total = i64::try_from(items.len()).unwrap_or(i64::MAX);
    let skipped = (page - 1).saturating_mul(per_page);
    let data: Vec<T> = items
        .into_iter()
        .skip(usize::try_from(skipped).unwrap_or(usize::MAX))
        .take(usize::try_from(per_page).unwrap_or(usize::MAX))
        .collect();
    let meta = PageMeta {
        page,
        per_page,
        total,
    };
    axum::Json(Listed::Page(PageOf { data, meta }))
}
