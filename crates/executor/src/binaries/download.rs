//! A program on its way to the disk: what a cut connection leaves of it may be gone on with.

use std::path::Path;

use bytes::Bytes;
use reqwest::{
    StatusCode,
    header::{CONTENT_RANGE, ETAG, HeaderMap, HeaderName, HeaderValue, IF_RANGE, RANGE},
};
use sha2::{Digest as _, Sha256};
use tokio::{
    fs::File,
    io::{AsyncSeekExt, AsyncWriteExt},
};

use super::{Digest, Error, fetch::disk};

/// The file, and what is known of its content.
pub(super) struct Download {
    file: File,
    hash: Sha256,
    size_bytes: u64,
    /// The strong validator of the content that the beginning is from.
    validator: Option<HeaderValue>,
}

impl Download {
    pub(super) async fn create(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            file: File::create(path).await.map_err(disk)?,
            hash: Sha256::new(),
            size_bytes: 0,
            validator: None,
        })
    }

    pub(super) fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// What asks for the rest alone, unless the content is another one by now. Nothing where the server did not say
    /// how to tell that.
    pub(super) fn rest(&self) -> Vec<(HeaderName, HeaderValue)> {
        let range = HeaderValue::from_str(&format!("bytes={}-", self.size_bytes));
        match (&self.validator, range) {
            (Some(validator), Ok(range)) if self.size_bytes > 0 => {
                vec![(RANGE, range), (IF_RANGE, validator.clone())]
            }
            _ => Vec::new(),
        }
    }

    /// Begins with an answer: goes on where it brings the rest, else it starts again.
    pub(super) async fn begin(
        &mut self,
        status: StatusCode,
        headers: &HeaderMap,
    ) -> Result<(), Error> {
        let range = headers
            .get(CONTENT_RANGE)
            .and_then(|range| range.to_str().ok());
        let rest = format!("bytes {}-", self.size_bytes);
        let same = |tag: &HeaderValue| Some(tag) == self.validator.as_ref();
        if status == StatusCode::PARTIAL_CONTENT
            && range.is_some_and(|range| range.starts_with(&rest))
            && headers.get(ETAG).is_none_or(same)
        {
            return Ok(());
        }
        self.restart().await?;
        if status == StatusCode::PARTIAL_CONTENT {
            let why = "the server answered with a part that was not asked for";
            return Err(Error::Fetch(why.to_owned()));
        }
        let is_strong = |tag: &&HeaderValue| tag.as_bytes().starts_with(b"\"");
        self.validator = headers.get(ETAG).filter(is_strong).cloned();
        Ok(())
    }

    /// Forgets what came.
    pub(super) async fn restart(&mut self) -> Result<(), Error> {
        self.validator = None;
        if self.size_bytes > 0 {
            self.file.flush().await.map_err(disk)?;
            self.file.set_len(0).await.map_err(disk)?;
            self.file.rewind().await.map_err(disk)?;
            self.hash = Sha256::new();
            self.size_bytes = 0;
        }
        Ok(())
    }

    pub(super) async fn add(&mut self, piece: &Bytes) -> Result<(), Error> {
        self.size_bytes += piece.len() as u64;
        self.hash.update(piece);
        self.file.write_all(piece).await.map_err(disk)
    }

    /// Down to the disk, and closed: a program that is open for writing cannot be run.
    pub(super) async fn finish(mut self) -> Result<(Digest, u64), Error> {
        // `sync_all` waits for the last write but does not tell how it ended.
        self.file.flush().await.map_err(disk)?;
        self.file.sync_all().await.map_err(disk)?;
        drop(self.file.into_std().await);
        Ok((Digest::of(self.hash), self.size_bytes))
    }
}
