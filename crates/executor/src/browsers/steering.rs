//! A person works in the page of a parked run, through the questions of the server.

use std::time::Duration;

use browser::{BrowserError, BrowserPage, ButtonName, ClickOptions, LoadState, Position};
use reqwest::Url;
use wire::browser::{BrowserInput, BrowserPlace, SteeredBrowser};

use super::Browsers;

/// How long the page may take for one input.
const LIMIT: Duration = Duration::from_secs(15);
/// How long it may take to say its title.
const TITLE_LIMIT: Duration = Duration::from_secs(2);

impl Browsers {
    /// Does what a person does in the page of a parked run.
    pub(crate) async fn steer(&self, run: &str, input: BrowserInput) -> SteeredBrowser {
        let Some(session) = self.parked(run) else {
            let why = "this executor has no open browser of the run";
            return SteeredBrowser::Refused(why.to_owned());
        };
        // The run may be resumed meanwhile: its next step waits for the turn.
        let _turn = session.turn().await;
        let Some(page) = session.current().await else {
            return SteeredBrowser::Refused("the run has no page".to_owned());
        };
        match self.input(&page, input).await {
            Ok(()) => SteeredBrowser::Done(BrowserPlace {
                url: page.url(),
                title: page.title(TITLE_LIMIT).await.unwrap_or_default(),
            }),
            Err(why) => SteeredBrowser::Refused(why),
        }
    }

    async fn input(&self, page: &BrowserPage, input: BrowserInput) -> Result<(), String> {
        let done = match input {
            BrowserInput::Click {
                x,
                y,
                button,
                count,
            } => {
                let button = match button.as_str() {
                    "left" => ButtonName::Left,
                    "middle" => ButtonName::Middle,
                    "right" => ButtonName::Right,
                    other => return Err(format!("`{other}` is not left, middle or right")),
                };
                let options = ClickOptions {
                    button,
                    count: count.clamp(1, 3),
                    timeout: LIMIT,
                    ..ClickOptions::default()
                };
                page.click_at(Position { x, y }, &options).await
            }
            BrowserInput::Type { text } => page.type_text(None, &text, Duration::ZERO, LIMIT).await,
            BrowserInput::Press { key } => page.press(None, &key, LIMIT).await,
            BrowserInput::Scroll {
                x,
                y,
                delta_x,
                delta_y,
            } => {
                let by = Position {
                    x: delta_x,
                    y: delta_y,
                };
                page.scroll_at(Position { x, y }, by, LIMIT).await
            }
            BrowserInput::Navigate { url } => self.navigate(page, &url).await?,
            BrowserInput::Back => page.go(-1, LoadState::Load, LIMIT).await.map(drop),
            BrowserInput::Forward => page.go(1, LoadState::Load, LIMIT).await.map(drop),
            BrowserInput::Reload => page.reload(LoadState::Load, LIMIT).await,
        };
        done.map_err(|error| error.to_string())
    }

    async fn navigate(
        &self,
        page: &BrowserPage,
        url: &str,
    ) -> Result<Result<(), BrowserError>, String> {
        let parsed = Url::parse(url).ok();
        let parsed = parsed.filter(|url| matches!(url.scheme(), "http" | "https"));
        let parsed = parsed.ok_or_else(|| format!("`{url}` is not an http or https URL"))?;
        let allowed = self.addresses.check_resolved(&parsed).await;
        allowed.map_err(|refused| refused.to_string())?;
        let visited = page.navigate(url, LoadState::Load, LIMIT).await;
        Ok(visited.map(drop))
    }
}
