//! Cookies and local storage: saved from a context, and loaded into another one.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BrowserContext, ContextState};
use crate::{cdp::CdpSession, error::BrowserError, page::BrowserPage};

/// What a site keeps in the browser. Its JSON form is the one that Playwright writes and reads.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StorageState {
    /// The cookies of all sites.
    #[serde(default)]
    pub cookies: Vec<Cookie>,
    /// The local storage of the origins that were visited.
    #[serde(default)]
    pub origins: Vec<OriginStorage>,
}

/// A cookie.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host, with a dot before it if it counts for hosts below.
    pub domain: String,
    /// The path below which it counts.
    pub path: String,
    /// Seconds since 1970; -1 for one that ends with the browser.
    #[serde(default = "never")]
    pub expires: f64,
    /// Scripts do not see it.
    #[serde(default)]
    pub http_only: bool,
    /// It is sent over HTTPS only.
    #[serde(default)]
    pub secure: bool,
    /// `Strict`, `Lax` or `None`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub same_site: Option<String>,
}

fn never() -> f64 {
    -1.0
}

/// The local storage of one origin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OriginStorage {
    /// Such as `https://example.org`.
    pub origin: String,
    /// Its items.
    pub local_storage: Vec<StoredItem>,
}

/// One item of a local storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredItem {
    /// Its key.
    pub name: String,
    /// Its value.
    pub value: String,
}

#[derive(Deserialize)]
struct Cookies {
    cookies: Vec<Cookie>,
}

#[derive(Deserialize)]
struct Items {
    items: Vec<StoredItem>,
}

impl BrowserContext {
    /// The cookies, and the local storage of all origins that pages have visited.
    ///
    /// # Errors
    /// The browser has ended or refuses it.
    pub async fn storage_state(&self) -> Result<StorageState, BrowserError> {
        let state = &self.state;
        let method = "Storage.getCookies";
        let context = json!({"browserContextId": state.id});
        let cookies = state.browser.send(method, context).await?;
        let Cookies { cookies } = CdpSession::typed(method, cookies)?;
        let visited: Vec<String> = state.pages().origins.iter().cloned().collect();
        let mut origins = Vec::new();
        if !visited.is_empty() {
            let _one_at_a_time = state.hidden.lock().await;
            let page = state.open_hidden().await?;
            for origin in visited {
                page.navigate_empty(&origin).await?;
                let items = page.call_main("readStorage", json!([])).await?;
                let items = serde_json::from_value::<Option<Items>>(items);
                let items = items
                    .ok()
                    .flatten()
                    .map_or_else(Vec::new, |read| read.items);
                if !items.is_empty() {
                    let local_storage = items;
                    origins.push(OriginStorage {
                        origin,
                        local_storage,
                    });
                }
            }
            page.close().await?;
        }
        Ok(StorageState { cookies, origins })
    }
}

impl ContextState {
    /// Puts cookies and local storage in, before any page of the caller is open.
    pub(super) async fn fill(&self, storage: &StorageState) -> Result<(), BrowserError> {
        if !storage.cookies.is_empty() {
            let cookies: Vec<Value> = storage.cookies.iter().map(cookie_param).collect();
            let set = json!({"browserContextId": self.id, "cookies": cookies});
            self.browser.send("Storage.setCookies", set).await?;
        }
        if storage.origins.is_empty() {
            return Ok(());
        }
        let _one_at_a_time = self.hidden.lock().await;
        let page = self.open_hidden().await?;
        for stored in &storage.origins {
            page.navigate_empty(&stored.origin).await?;
            page.call_main("fillStorage", json!([stored.local_storage]))
                .await?;
            self.note_origin(stored.origin.clone());
        }
        page.close().await
    }

    /// A page that no caller sees. Whatever it visits is empty, and no server is asked.
    async fn open_hidden(&self) -> Result<BrowserPage, BrowserError> {
        self.pages().expect_hidden = true;
        let opened = self.open().await;
        let mut pages = self.pages();
        pages.expect_hidden = false;
        pages.hidden = None;
        opened
    }
}

fn cookie_param(cookie: &Cookie) -> Value {
    let mut param = serde_json::to_value(cookie).unwrap_or_default();
    if cookie.expires < 0.0
        && let Some(fields) = param.as_object_mut()
    {
        fields.remove("expires");
    }
    param
}
