//! Sees, while the mouse is pressed, that its element gets the click: what lies at the point may have changed
//! since it was aimed at. Then nothing gets the click, and the action tries again.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    deadline::Deadline,
    error::BrowserError,
    page::{FoundElement, FramePlace, PageCore},
};

/// How long a page may take to say what got the click. One that has left its document does not say it.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// Ends the guard when dropped, also when the click failed or was cancelled.
pub(super) struct ClickGuard<'a> {
    page: &'a PageCore,
    places: Vec<FramePlace>,
}

impl PageCore {
    /// Guards the next click into an element, in its frame and in those above.
    pub(super) async fn guard_click(
        &self,
        element: &FoundElement,
        deadline: &Deadline,
    ) -> Result<ClickGuard<'_>, BrowserError> {
        let mut guard = ClickGuard {
            page: self,
            places: Vec::new(),
        };
        let frames = element.above.iter().map(|frame| (&frame.place, frame.id));
        for (place, id) in frames.chain([(&element.place, element.id)]) {
            guard.places.push(place.clone());
            let _: Value = self.call(place, "guard", json!([id]), deadline).await?;
        }
        Ok(guard)
    }
}

impl ClickGuard<'_> {
    /// What would have got the click instead of the element; `None` when the element has got it, or the click
    /// has led elsewhere.
    pub(super) async fn end(mut self, deadline: &Deadline) -> Option<String> {
        let deadline = Deadline::after(deadline.left().min(ANSWER_LIMIT));
        for place in std::mem::take(&mut self.places) {
            if !self.page.has_script(&place) {
                continue;
            }
            let called = self.page.call(&place, "unguard", json!([]), &deadline);
            if let Ok(Some(failed)) = called.await {
                return Some(failed);
            }
        }
        None
    }
}

impl Drop for ClickGuard<'_> {
    fn drop(&mut self) {
        for place in &self.places {
            self.page.post_call(place, "unguard");
        }
    }
}
