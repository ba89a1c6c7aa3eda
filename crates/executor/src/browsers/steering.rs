//! A person works in the page of a parked run, through the questions of the server.

use std::{sync::Arc, time::Duration};

use browser::{BrowserPage, ButtonName, ClickOptions, LoadState, Position};
use tokio::time::timeout;
use wire::browser::{BrowserInput, BrowserPlace, SteeredBrowser};

use super::{Browsers, proxy::PageProxy, visit::visit};

/// How long the turn and the input may take together: the server waits for the answer no longer than ten seconds.
const LIMIT: Duration = Duration::from_secs(8);
/// How long the page may take to say its title.
const TITLE_LIMIT: Duration = Duration::from_secs(1);

impl Browsers {
    /// Does what a person does in the page of a parked run.
    pub(crate) async fn steer(&self, run: &str, input: BrowserInput) -> SteeredBrowser {
        let steered = timeout(LIMIT, self.steered(run, input)).await;
        match steered {
            Ok(Ok(place)) => SteeredBrowser::Done(place),
            Ok(Err(why)) => SteeredBrowser::Refused(why),
            Err(_) => SteeredBrowser::Refused(format!("it took longer than {} s", LIMIT.as_secs())),
        }
    }

    async fn steered(&self, run: &str, input: BrowserInput) -> Result<BrowserPlace, String> {
        let Some(session) = self.parked(run) else {
            return Err("this executor has no open browser of the run".to_owned());
        };
        // Once this has the turn, a step of a run that is resumed has to wait for it.
        let _turn = session.turn().await;
        let still = self.parked(run);
        if !still.is_some_and(|still| Arc::ptr_eq(&still, &session)) {
            return Err("the run goes on already".to_owned());
        }
        let Some((page, proxy)) = session.current().await else {
            return Err("the run has no page".to_owned());
        };
        let done = input_to(&page, &proxy, input).await;
        done.map_err(|why| session.redacted(why))?;
        Ok(BrowserPlace {
            url: session.redacted(page.url()),
            title: session.redacted(page.title(TITLE_LIMIT).await.unwrap_or_default()),
        })
    }
}

async fn input_to(
    page: &BrowserPage,
    proxy: &PageProxy,
    input: BrowserInput,
) -> Result<(), String> {
    let done = match input {
        BrowserInput::Click {
            x,
            y,
            button,
            count,
        } => {
            let button = named(&button)?;
            let options = ClickOptions {
                button,
                count: count.clamp(1, 3),
                timeout: LIMIT,
                ..ClickOptions::default()
            };
            page.click_at(Position { x, y }, &options).await
        }
        BrowserInput::MouseDown { x, y, button } => {
            page.press_at(Position { x, y }, named(&button)?, LIMIT)
                .await
        }
        BrowserInput::MouseMove { x, y, button } => {
            let held = button.as_deref().map(named).transpose()?;
            page.move_to(Position { x, y }, held, LIMIT).await
        }
        BrowserInput::MouseUp { x, y, button } => {
            page.release_at(Position { x, y }, named(&button)?, LIMIT)
                .await
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
        BrowserInput::Navigate { url } => {
            let until = (LoadState::DomContentLoaded, LIMIT);
            let visited = visit(page, proxy, &url, until).await;
            return visited.map(drop).map_err(|error| error.to_string());
        }
        BrowserInput::Back => page.go(-1, LoadState::Load, LIMIT).await.map(drop),
        BrowserInput::Forward => page.go(1, LoadState::Load, LIMIT).await.map(drop),
        BrowserInput::Reload => page.reload(LoadState::Load, LIMIT).await,
    };
    done.map_err(|error| error.to_string())
}

/// A button of the mouse.
fn named(button: &str) -> Result<ButtonName, String> {
    match button {
        "left" => Ok(ButtonName::Left),
        "middle" => Ok(ButtonName::Middle),
        "right" => Ok(ButtonName::Right),
        other => Err(format!("`{other}` is not left, middle or right")),
    }
}
