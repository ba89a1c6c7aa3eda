//! A run that a caller may read.

use engine::RunId;
use store::{Read, runs::Details};

use crate::{access::Principal, app::App, kinds, refusal::Refusal};

/// A run of a kind that the caller may read; any other run is not found.
pub(crate) fn find(
    read: &mut Read<'_, '_>,
    principal: &Principal,
    id: RunId,
) -> Result<Details, store::Error> {
    let details = store::runs::outline(read, id)?;
    if principal.scopes().allow(kinds::of(details.run.kind).read) {
        Ok(details)
    } else {
        Err(store::Error::NotFound(id))
    }
}

/// [`find`], in a transaction of its own.
pub(crate) async fn found(app: &App, principal: &Principal, id: RunId) -> Result<Details, Refusal> {
    let principal = principal.clone();
    let details = app.store.read(move |read| find(read, &principal, id));
    Ok(details.await?)
}
