//! Why something in the browser did not succeed, in words for the author of the caller's steps.

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use crate::locator::LocatorError;

/// Why a browser, a page or an action failed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BrowserError {
    /// No Chromium was found.
    #[error(
        "Chromium was not found: looked for {looked}. Install it, for example with `apt-get install \
         chromium`, or set the path of the program"
    )]
    NotInstalled {
        /// Where it was looked for.
        looked: String,
    },
    /// Chromium did not start.
    #[error("{} did not start: {reason}", program.display())]
    Launch {
        /// The program.
        program: PathBuf,
        /// What happened, with the last lines that it printed.
        reason: String,
    },
    /// The browser's process ended while it was in use.
    #[error("the browser ended: {how}")]
    Gone {
        /// Its exit code or the signal that ended it.
        how: String,
    },
    /// The page's renderer crashed. Other pages of the browser live on.
    #[error("the page crashed: its renderer process ended")]
    Crashed,
    /// The page, or the frame in it, was closed.
    #[error("the page was closed")]
    Closed,
    /// The context has no page that can be used.
    #[error("no page is open")]
    NoPage,
    /// The browser refused a command of the protocol.
    #[error("the browser refused {method}: {message}")]
    Refused {
        /// The method of the DevTools protocol.
        method: &'static str,
        /// What the browser answered.
        message: String,
    },
    /// A script of the caller threw an exception.
    #[error("the script threw an exception: {0}")]
    Script(String),
    /// The time limit passed.
    #[error("{what} did not succeed within {} ms: {reason}", after.as_millis())]
    Timeout {
        /// The action, with its locator.
        what: String,
        /// The time limit.
        after: Duration,
        /// The check that did not hold.
        reason: String,
    },
    /// A navigation failed: the name does not resolve, the connection was refused.
    #[error("navigation to {url} failed: {reason}")]
    Navigation {
        /// Where to.
        url: String,
        /// Chromium's reason, such as `net::ERR_CONNECTION_REFUSED`.
        reason: String,
    },
    /// The locator cannot be read.
    #[error(transparent)]
    Locator(#[from] LocatorError),
    /// A locator that has to name one element matches several.
    #[error("{0}")]
    NotUnique(Arc<Ambiguity>),
    /// The element, or what was given, does not fit the action.
    #[error("{what}: {reason}")]
    Unfit {
        /// The action, with its locator.
        what: String,
        /// What does not fit.
        reason: String,
    },
    /// A file or a directory of the caller cannot be used.
    #[error("{}: {reason}", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// What happened.
        reason: String,
    },
}

/// What a strict locator matched instead of one element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ambiguity {
    /// The locator.
    pub locator: String,
    /// How many elements it matches.
    pub count: usize,
    /// The first of them.
    pub matches: Vec<MatchedElement>,
}

/// One of several elements that a locator matches.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct MatchedElement {
    /// Its start tag and the beginning of its text.
    pub markup: String,
    /// A locator that matches it alone.
    pub locator: String,
}

impl fmt::Display for Ambiguity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the locator `{}` matches {} elements and has to match one:",
            self.locator, self.count
        )?;
        for (index, matched) in self.matches.iter().enumerate() {
            write!(
                f,
                "\n  {}. {}\n     use `{}`",
                index + 1,
                matched.markup,
                matched.locator
            )?;
        }
        let more = self.count.saturating_sub(self.matches.len());
        if more > 0 {
            write!(f, "\n  and {more} more")?;
        }
        Ok(())
    }
}

impl BrowserError {
    /// True when the page or the browser cannot be used again.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(self, Self::Gone { .. } | Self::Crashed | Self::Closed)
    }
}
