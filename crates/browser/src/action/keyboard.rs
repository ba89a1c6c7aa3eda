//! Trusted events of a keyboard.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    click::KeyModifier,
    keys::{KeyChord, KeyStroke},
    last::{ActionName, BegunAction},
    wait::{Miss, Tries},
};
use crate::{
    deadline::Deadline,
    error::BrowserError,
    locator::Locator,
    page::{BrowserPage, PageCore, is_stale, name_timeout},
};

const METHOD: &str = "Input.dispatchKeyEvent";

impl BrowserPage {
    /// Presses a key or a chord, such as `Enter` or `Control+A`, in the element that has the focus; with a
    /// locator that element gets the focus first.
    ///
    /// # Errors
    /// There is no such key, the locator matches no or several elements, or the page has ended.
    pub async fn press(
        &self,
        locator: Option<&Locator>,
        chord: &str,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        self.focus(locator, ActionName::Press, &deadline).await?;
        let before = self.core.navigations();
        self.core.press_key(chord, &deadline).await?;
        self.core.settle(before, &deadline).await;
        Ok(())
    }

    /// Types a text key by key, with this time between two keys; what the keyboard does not have is inserted.
    /// [`BrowserPage::fill`] is faster, and replaces what is there.
    ///
    /// # Errors
    /// As for [`BrowserPage::press`].
    pub async fn type_text(
        &self,
        locator: Option<&Locator>,
        text: &str,
        delay: Duration,
        limit: Duration,
    ) -> Result<(), BrowserError> {
        let deadline = Deadline::after(limit);
        self.focus(locator, ActionName::Type, &deadline).await?;
        let before = self.core.navigations();
        for (index, c) in text.chars().enumerate() {
            if index > 0 && !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            match KeyStroke::typing(c) {
                Some(stroke) => self.core.stroke(&stroke, 0, &deadline).await?,
                None => {
                    let text = json!({"text": c.to_string()});
                    self.core
                        .key_event("Input.insertText", text, &deadline)
                        .await?;
                }
            }
        }
        // A line that ends may send a form.
        self.core.settle(before, &deadline).await;
        Ok(())
    }

    async fn focus(
        &self,
        locator: Option<&Locator>,
        name: ActionName,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let Some(locator) = locator else {
            return self.core.check_open();
        };
        let action = self.core.begin(name, locator, deadline);
        let mut tries = Tries::begun(&self.core, &action);
        loop {
            match self.core.try_focus(&action).await {
                Ok(()) => return Ok(()),
                Err(miss) => tries.again(miss).await?,
            }
        }
    }
}

impl PageCore {
    async fn try_focus(&self, action: &BegunAction<'_>) -> Result<(), Miss> {
        let element = self.ready_for(action, &[]).await?;
        let _: Value = self
            .call_element(&element, "focus", &[], action.deadline)
            .await?;
        Ok(())
    }

    /// Presses a key or a chord.
    pub(super) async fn press_key(
        &self,
        chord: &str,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let chord = KeyChord::read(chord).map_err(|reason| BrowserError::Unfit {
            what: String::from("pressing a key"),
            reason,
        })?;
        let mut held = 0;
        for modifier in &chord.held {
            held |= modifier.bit();
            self.hold(*modifier, "rawKeyDown", held, deadline).await?;
        }
        let pressed = self.stroke(&chord.key, held, deadline).await;
        // The keys are released also when the pressed one has closed the page or failed.
        for modifier in chord.held.iter().rev() {
            held &= !modifier.bit();
            let released = self.hold(*modifier, "keyUp", held, deadline).await;
            if pressed.is_ok() && !released.as_ref().is_err_and(is_left) {
                released?;
            }
        }
        pressed
    }

    async fn hold(
        &self,
        modifier: KeyModifier,
        kind: &str,
        held: u8,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let name = match modifier {
            KeyModifier::Alt => "Alt",
            KeyModifier::Control => "Control",
            KeyModifier::Meta => "Meta",
            KeyModifier::Shift => "Shift",
        };
        let Some(stroke) = KeyStroke::named(name) else {
            return Ok(());
        };
        self.key_event(METHOD, event(&stroke, kind, held), deadline)
            .await
    }

    /// Presses one key and releases it.
    async fn stroke(
        &self,
        stroke: &KeyStroke,
        held: u8,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let kind = if stroke.text.is_empty() {
            "rawKeyDown"
        } else {
            "keyDown"
        };
        let down = self.key_event(METHOD, event(stroke, kind, held), deadline);
        let up = self.key_event(METHOD, event(stroke, "keyUp", held), deadline);
        // Both leave at once: a caller that is cancelled in between leaves no key pressed.
        match tokio::try_join!(biased; down, up) {
            Err(error) if is_left(&error) => Ok(()),
            result => result.map(drop),
        }
    }

    async fn key_event(
        &self,
        method: &'static str,
        event: Value,
        deadline: &Deadline,
    ) -> Result<(), BrowserError> {
        let sent = self
            .session
            .send_within(method, event, deadline.left())
            .await;
        name_timeout(sent, deadline, "the keyboard").map(drop)
    }
}

/// The key has closed or left the page.
fn is_left(error: &BrowserError) -> bool {
    is_stale(error) || matches!(error, BrowserError::Closed)
}

fn event(stroke: &KeyStroke, kind: &str, held: u8) -> Value {
    json!({
        "type": kind,
        "key": stroke.key,
        "code": stroke.code,
        "windowsVirtualKeyCode": stroke.number,
        "text": if kind == "keyDown" { stroke.text.as_str() } else { "" },
        "unmodifiedText": if kind == "keyDown" { stroke.text.as_str() } else { "" },
        "modifiers": held,
    })
}
