//! What can be changed of a context while its pages are open.

use std::sync::PoisonError;

use serde_json::json;

use super::{BrowserContext, Viewport};
use crate::error::BrowserError;

impl BrowserContext {
    /// The size of its pages' windows.
    #[must_use]
    pub fn viewport(&self) -> Viewport {
        let window = self.state.window.lock();
        *window.unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives the windows of its pages another size, those of later pages too.
    ///
    /// # Errors
    /// The browser has ended.
    pub async fn set_viewport(&self, size: Viewport) -> Result<(), BrowserError> {
        let window = self.state.window.lock();
        *window.unwrap_or_else(PoisonError::into_inner) = size;
        for page in self.pages() {
            match page.core.resize().await {
                Err(error) if page.is_usable() => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// What its pages may do without asking, by the names of the DevTools protocol.
    #[must_use]
    pub fn permissions(&self) -> Vec<String> {
        let permissions = self.state.permissions.lock();
        permissions.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets its pages do these things without asking, and nothing else.
    ///
    /// # Errors
    /// The browser does not know one of them, or has ended.
    pub async fn set_permissions(&self, permissions: Vec<String>) -> Result<(), BrowserError> {
        self.grant(&permissions).await?;
        let known = self.state.permissions.lock();
        *known.unwrap_or_else(PoisonError::into_inner) = permissions;
        Ok(())
    }

    pub(super) async fn grant(&self, permissions: &[String]) -> Result<(), BrowserError> {
        let grant = json!({"browserContextId": self.state.id, "permissions": permissions});
        let browser = &self.state.browser;
        browser
            .send("Browser.grantPermissions", grant)
            .await
            .map(drop)
    }
}
