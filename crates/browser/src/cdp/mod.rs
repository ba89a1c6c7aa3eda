//! A thin client of the DevTools protocol: commands with time limits, and one stream of events for
//! each session. What a command or an event means is known where it is used.

mod pipe;
mod routing;
mod surrogates;

use std::{sync::Arc, time::Duration};

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::{sync::mpsc, time};

use crate::error::BrowserError;

pub(crate) use pipe::connect;
use routing::Routing;

/// How long a command may take that waits for nothing but the browser.
pub(crate) const COMMAND_LIMIT: Duration = Duration::from_secs(30);

/// Something that happened in a session.
#[derive(Debug)]
pub(crate) struct CdpEvent {
    /// The method of the protocol, such as `Page.frameNavigated`.
    pub(crate) method: String,
    /// Its parameters.
    pub(crate) params: Value,
}

impl CdpEvent {
    /// The parameters as a type; `None` when the browser sends them in another form.
    pub(crate) fn read<T: DeserializeOwned>(self) -> Option<T> {
        serde_json::from_value(self.params).ok()
    }

    /// A text among the parameters, or an empty one.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.params[name].as_str().unwrap_or_default()
    }
}

/// The events of one session, in order. They end with the session.
pub(crate) type CdpEvents = mpsc::UnboundedReceiver<CdpEvent>;

/// One session: the browser's own, or that of a page or a frame.
#[derive(Clone)]
pub(crate) struct CdpSession {
    routing: Arc<Routing>,
    /// `None` for the browser's own.
    id: Option<Arc<str>>,
}

impl CdpSession {
    /// Another session of the same browser. `None` when it has ended, or its events were taken before.
    pub(crate) fn attached(&self, id: &str) -> Option<(Self, CdpEvents)> {
        let events = self.routing.take_events(id)?;
        let session = Self {
            routing: Arc::clone(&self.routing),
            id: Some(Arc::from(id)),
        };
        Some((session, events))
    }

    /// True for the same session.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

    /// The browser's own session.
    pub(crate) fn browser(&self) -> Self {
        Self {
            routing: Arc::clone(&self.routing),
            id: None,
        }
    }

    /// Sends a command, waits for its result.
    pub(crate) async fn send(
        &self,
        method: &'static str,
        params: Value,
    ) -> Result<Value, BrowserError> {
        self.send_within(method, params, COMMAND_LIMIT).await
    }

    /// Sends a command, waits for its result as long as given.
    pub(crate) async fn send_within(
        &self,
        method: &'static str,
        params: Value,
        limit: Duration,
    ) -> Result<Value, BrowserError> {
        let pending = Arc::clone(&self.routing).command(self.id.as_deref(), method, params)?;
        match time::timeout(limit, pending).await {
            Ok(result) => result,
            Err(_) => Err(BrowserError::Timeout {
                what: String::from(method),
                after: limit,
                reason: String::from("the browser did not answer"),
            }),
        }
    }

    /// Sends a command whose result does not matter.
    pub(crate) fn post(&self, method: &'static str, params: Value) {
        // It fails only when the session has ended, which others report.
        let _ = Arc::clone(&self.routing).command(self.id.as_deref(), method, params);
    }

    /// Resolves when the browser has ended, with how.
    pub(crate) async fn gone(&self) -> String {
        self.routing.gone().await
    }

    /// How the browser has ended, if it has.
    pub(crate) fn gone_now(&self) -> Option<String> {
        self.routing.gone_now()
    }

    /// Reads a result of a command as a type.
    pub(crate) fn typed<T: DeserializeOwned>(
        method: &'static str,
        result: Value,
    ) -> Result<T, BrowserError> {
        serde_json::from_value(result).map_err(|error| BrowserError::Refused {
            method,
            message: format!("its answer is not understood: {error}"),
        })
    }
}
