//! Records what a person does in a visible browser.

use std::{path::PathBuf, time::Duration};

pub use browser::recorder::RecordedStep;
use browser::{
    Browser, BrowserError, ContextOptions, LaunchOptions, LoadState, Viewport,
    recorder::{Recorder, to_steps},
};
use tokio_util::sync::CancellationToken;

/// The window, in pixels.
const SIZE: (u32, u32) = (1400, 900);
/// How long the first page may take to load.
const LOAD_LIMIT: Duration = Duration::from_secs(60);
/// How long the last actions may take to arrive after the person has stopped.
const REST: Duration = Duration::from_millis(300);

/// What is recorded.
#[derive(Clone, Debug)]
pub struct RecordOptions {
    /// Program of Chromium; without one the usual names are looked for.
    pub program: Option<PathBuf>,
    /// The page to begin with.
    pub url: String,
}

/// Opens a window and records what the person does, until they close it or `stop` is cancelled. `seen` gets the steps
/// so far after each action.
///
/// # Errors
/// There is no display, no Chromium, or the page cannot be opened.
pub async fn record(
    options: &RecordOptions,
    stop: &CancellationToken,
    mut seen: impl FnMut(&[RecordedStep]),
) -> Result<Vec<RecordedStep>, String> {
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    let mut launch = LaunchOptions::new(directory.path());
    launch.program.clone_from(&options.program);
    launch.visible = true;
    launch
        .arguments
        .push(format!("--window-size={},{}", SIZE.0, SIZE.1));
    let browser = tokio::select! {
        browser = Browser::launch(&launch) => browser.map_err(|error| error.to_string())?,
        () = stop.cancelled() => return Ok(Vec::new()),
    };
    let recorded = async {
        let context = browser.new_context(ContextOptions {
            viewport: Viewport::WINDOW,
            ignore_tls_errors: true,
            ..ContextOptions::default()
        });
        let context = context.await?;
        let page = context.new_page().await?;
        let mut recorder = Recorder::start(&context).await?;
        tokio::select! {
            opened = page.navigate(&options.url, LoadState::DomContentLoaded, LOAD_LIMIT) => {
                opened?;
            }
            () = stop.cancelled() => {}
        }
        let mut actions = Vec::new();
        loop {
            let action = tokio::select! {
                action = recorder.next() => action,
                () = stop.cancelled() => {
                    // What was typed last is recorded when the field is left.
                    tokio::time::timeout(REST, recorder.next()).await.ok().flatten()
                }
            };
            let Some(action) = action else {
                return Ok(to_steps(&actions));
            };
            actions.push(action);
            seen(&to_steps(&actions));
        }
    };
    let recorded: Result<Vec<RecordedStep>, BrowserError> = recorded.await;
    browser.close().await;
    recorded.map_err(|error| error.to_string())
}
