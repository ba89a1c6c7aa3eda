//! Takes secrets out of everything that leaves an execution: each is replaced by `***`, in whatever form it is
//! written, also when it comes in pieces.

mod forms;
mod patterns;
mod stream;

use std::{
    collections::BTreeSet,
    io,
    sync::{Arc, PoisonError, RwLock},
};

use bytes::Bytes;
use futures_util::{Stream, stream::BoxStream};
use serde_json::{Map, Value};
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};
use zeroize::Zeroize;

use patterns::Patterns;
pub use stream::RedactedStream;

/// What stands in the place of a secret.
pub const REDACTED: &str = "***";

/// A shorter line of a secret may be anything, such as a brace.
const LINE_BYTES: usize = 8;
const READ_BYTES: usize = 64 << 10;

/// The secrets of an execution that are known so far. Cheap to clone.
#[derive(Clone, Default)]
pub struct Redactor(Arc<RwLock<Known>>);

#[derive(Default)]
struct Known {
    secrets: BTreeSet<String>,
    /// Of all secrets; nothing before the first.
    patterns: Option<Arc<Patterns>>,
}

impl Redactor {
    /// Takes these secrets out as well from now on.
    ///
    /// # Errors
    /// They are too long to be looked for: nothing may be done that could print them.
    pub fn add<'s>(&self, secrets: impl IntoIterator<Item = &'s str>) -> io::Result<()> {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let before = known.secrets.len();
        let secrets = secrets.into_iter().filter(|secret| !secret.is_empty());
        known.secrets.extend(secrets.map(str::to_owned));
        if known.secrets.len() > before {
            let patterns = Patterns::of(&known.secrets).map_err(io::Error::other)?;
            known.patterns = Some(Arc::new(patterns)).filter(|patterns| !patterns.is_empty());
        }
        Ok(())
    }

    /// All that are known, for what shows them as pictures: as they are, as a field of one line has them, and
    /// their lines.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let forms = known.secrets.iter().flat_map(|secret| {
            let lines = secret.lines().map(str::trim);
            let long = lines.filter(|line| line.len() >= LINE_BYTES);
            [secret.as_str(), secret.trim()].into_iter().chain(long)
        });
        let forms: BTreeSet<&str> = forms.filter(|form| !form.is_empty()).collect();
        forms.into_iter().map(str::to_owned).collect()
    }

    fn patterns(&self) -> Option<Arc<Patterns>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.patterns.clone()
    }

    /// Whether a text has a secret in it.
    #[must_use]
    pub fn finds_in(&self, text: &str) -> bool {
        let patterns = self.patterns();
        patterns.is_some_and(|patterns| !patterns.spans(text.as_bytes()).is_empty())
    }

    /// A text without secrets.
    #[must_use]
    pub fn text(&self, text: String) -> String {
        match self.patterns() {
            Some(patterns) => patterns.text(text),
            None => text,
        }
    }

    /// Bytes without secrets.
    #[must_use]
    pub fn bytes(&self, bytes: Bytes) -> Bytes {
        if self.patterns().is_none() {
            return bytes;
        }
        let mut stream = self.stream();
        [stream.push(&bytes), stream.finish()].concat().into()
    }

    /// A value without secrets: in texts, in names of maps, and as numbers.
    #[must_use]
    pub fn value(&self, value: Value) -> Value {
        match self.patterns() {
            Some(patterns) => patterns.value(value),
            None => value,
        }
    }

    /// The same of a map.
    #[must_use]
    pub fn map(&self, map: Map<String, Value>) -> Map<String, Value> {
        match self.patterns() {
            Some(patterns) => patterns.map(map),
            None => map,
        }
    }

    /// A text that comes in pieces.
    #[must_use]
    pub fn stream(&self) -> RedactedStream {
        RedactedStream::new(self.clone())
    }

    /// What a stream of bytes gives, without secrets.
    pub(crate) fn pieces(
        &self,
        pieces: impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    ) -> BoxStream<'static, io::Result<Bytes>> {
        self.stream().pieces(pieces)
    }

    /// What a reader gives, without secrets.
    pub(crate) fn reader(
        &self,
        reader: impl AsyncRead + Send + 'static,
    ) -> impl AsyncRead + Unpin + Send {
        StreamReader::new(self.pieces(ReaderStream::with_capacity(reader, READ_BYTES)))
    }
}

impl Drop for Known {
    fn drop(&mut self) {
        for mut secret in std::mem::take(&mut self.secrets) {
            secret.zeroize();
        }
    }
}
