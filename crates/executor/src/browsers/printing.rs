//! Documents of ours, printed by the browser into PDF.

use std::{sync::Arc, time::Duration};

use browser::{BrowserError, ContextOptions, PdfOptions};
use bytes::Bytes;

use super::Browsers;

const LIMIT: Duration = Duration::from_secs(60);

impl Browsers {
    /// Prints a document in a window of its own. It has no scripts, and names no address.
    pub(crate) async fn print(&self, html: &str) -> Result<Bytes, BrowserError> {
        let browser = self.get().await?;
        // It goes to no address that steps may not reach, should it name one after all.
        let proxy = self.proxy().await?;
        let options = ContextOptions {
            proxy: Some(proxy.url()),
            ..ContextOptions::default()
        };
        let context = browser.new_context(options).await?;
        let printed = async {
            let page = context.new_page().await?;
            // Text has a JSON form, which is one of JavaScript as well.
            let text = serde_json::to_string(html).unwrap_or_default();
            let write = format!("document.open(); document.write({text}); document.close();");
            page.evaluate(&write, LIMIT).await?;
            let options = PdfOptions {
                timeout: LIMIT,
                ..PdfOptions::default()
            };
            page.pdf(&options).await
        };
        let printed = printed.await;
        // It goes with the browser at the latest.
        let _ = context.close().await;
        if let Some(browser) = Arc::into_inner(browser) {
            browser.close().await;
        }
        printed
    }
}
