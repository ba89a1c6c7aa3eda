//! Why bytes were not stored or not read.

use std::{error::Error, io, time::Duration};

use super::UPLOAD_TIME;
use crate::refusal::{Refusal, RefusalKind};

/// Why bytes were not stored or not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BlobError {
    #[error("the upload is larger than {0} bytes")]
    TooLarge(u64),
    #[error("all uploads together take the {0} bytes that they may")]
    Quota(u64),
    #[error("the upload is empty")]
    Empty,
    #[error("nothing of the upload came for {} seconds", .0.as_secs_f64())]
    Slow(Duration),
    #[error("the upload took longer than {} hours", UPLOAD_TIME.as_secs() / 3600)]
    Endless,
    #[error("the upload broke off: {0}")]
    Broken(String),
    #[error("the object store failed: {0}")]
    Objects(#[from] object_store::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl From<BlobError> for Refusal {
    fn from(error: BlobError) -> Self {
        let message = error.to_string();
        match error {
            BlobError::TooLarge(limit) => {
                Self::new(RefusalKind::TooLarge, message).about("limit_bytes", limit)
            }
            BlobError::Quota(_) => Self::new(RefusalKind::TooLarge, message),
            BlobError::Slow(_) | BlobError::Endless => {
                Self::new(RefusalKind::RequestTimeout, message)
            }
            BlobError::Empty | BlobError::Broken(_) => Self::field("body", message),
            BlobError::Objects(error) if is_of_full_disk(&error) => {
                tracing::error!(%error, "the object store is full");
                Self::new(
                    RefusalKind::Unavailable,
                    "the disk is full: nothing was stored",
                )
            }
            BlobError::Objects(error) => {
                tracing::error!(%error, "the object store failed");
                Self::internal("the bytes could not be stored or read")
            }
            BlobError::Store(error) => error.into(),
        }
    }
}

/// Whether there was no room for what was to be written.
fn is_of_full_disk(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        let kind = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if matches!(
            kind,
            Some(io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
        ) {
            return true;
        }
        next = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_passing_trouble_and_other_errors_are_not() {
        let kind = |cause: io::ErrorKind| {
            let source = Box::new(io::Error::from(cause));
            let error = object_store::Error::Generic {
                store: "LocalFileSystem",
                source,
            };
            Refusal::from(BlobError::Objects(error)).kind.status()
        };
        assert_eq!(kind(io::ErrorKind::StorageFull), 503);
        assert_eq!(kind(io::ErrorKind::QuotaExceeded), 503);
        assert_eq!(kind(io::ErrorKind::PermissionDenied), 500);
    }
}
