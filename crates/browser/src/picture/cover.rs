//! Covers what must not be in a picture, in the page itself: for one picture, or from now on.

use serde_json::{Value, json};

use crate::{
    context::BrowserContext,
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{FramePlace, PageCore, Search, is_stale},
};

/// A frame whose documents go so often meanwhile is left.
const TRIES: usize = 3;

/// What a picture does not show. The secrets of the context are covered in any case.
#[derive(Clone, Debug, Default)]
pub struct PictureMask {
    /// All elements that these match.
    pub elements: Vec<Locator>,
    /// Every place that shows one of these texts, and every field that holds one.
    pub texts: Vec<String>,
}

/// Whether covered text may still be read by a program.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CoverKind {
    /// It is painted over, which is all that a picture shows.
    Painted,
    /// It is taken out: in a PDF a text is a text.
    Removed,
}

/// Uncovers when dropped, also when the picture failed or was cancelled.
pub(super) struct Covered<'a> {
    page: &'a PageCore,
    places: Vec<FramePlace>,
}

impl BrowserContext {
    /// Texts that no picture and no frame of any page shows from now on: whatever shows one of them is black.
    /// Each call replaces the texts of the one before.
    ///
    /// # Errors
    /// A page does not answer in time. The secrets hold for the other pages then, and for all new documents.
    pub async fn set_secrets(
        &self,
        secrets: Vec<String>,
        limit: std::time::Duration,
    ) -> Result<(), BrowserError> {
        self.state().replace_secrets(secrets);
        let deadline = Deadline::after(limit);
        let mut failed = Ok(());
        for page in self.pages() {
            let protected = page.core.protect(&deadline).await;
            if !page.is_closed() && page.check_open().is_ok() {
                failed = failed.and(protected);
            }
        }
        failed
    }
}

impl PageCore {
    /// Covers the context's secrets in all documents of the page, and in those to come.
    pub(crate) async fn protect(&self, deadline: &Deadline) -> Result<(), BrowserError> {
        let _covering = self.covering.lock().await;
        self.protect_new_documents(deadline).await?;
        let secrets = Value::from(self.secrets());
        for place in self.frame_places() {
            // The next document has the script from its start.
            self.call_document(&place, "protect", json!([secrets]), deadline)
                .await?;
        }
        Ok(())
    }

    /// Calls a function in the document that a frame has now, if it has one. What is known of an earlier document
    /// may only show that it is old.
    async fn call_document(
        &self,
        place: &FramePlace,
        function: &'static str,
        arguments: Value,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        for _ in 1..TRIES {
            let called = self.call::<Value>(place, function, arguments.clone(), deadline);
            match called.await {
                Err(error) if is_stale(&error) => {}
                called => return called.map(drop),
            }
        }
        let called = self.call::<Value>(place, function, arguments, deadline);
        called.await.map(drop).or_else(gone_meanwhile)
    }

    /// Covers for one picture.
    pub(super) async fn cover(
        &self,
        mask: &PictureMask,
        kind: CoverKind,
        deadline: &Deadline,
    ) -> Result<Covered<'_>, BrowserError> {
        let mut chains: Vec<(String, Vec<Value>)> = Vec::new();
        for locator in &mask.elements {
            if let Search::Found((place, _)) = self.find_frame(locator, deadline).await? {
                chains.push((place.frame, vec![locator.parts()]));
            }
        }
        let mut covered = Covered {
            page: self,
            places: Vec::new(),
        };
        for place in self.frame_places() {
            let own = chains.iter().filter(|(frame, _)| *frame == place.frame);
            let own: Vec<&Value> = own.flat_map(|(_, chains)| chains).collect();
            let removed = kind == CoverKind::Removed;
            let arguments = json!([own, mask.texts, removed]);
            covered.places.push(place.clone());
            self.call_document(&place, "cover", arguments, deadline)
                .await?;
        }
        Ok(covered)
    }
}

fn gone_meanwhile(error: BrowserError) -> Result<(), BrowserError> {
    match is_stale(&error) {
        true => Ok(()),
        false => Err(error),
    }
}

impl Drop for Covered<'_> {
    fn drop(&mut self) {
        for place in &self.places {
            self.page.post_call(place, "uncover");
        }
    }
}
