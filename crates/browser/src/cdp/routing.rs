//! Which answer belongs to which command, which event to which session, and what fails when a session
//! or the whole browser ends.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot, watch};

use super::{CdpEvent, CdpEvents, surrogates::replace_halves};
use crate::error::BrowserError;

type CommandAnswer = Result<Value, BrowserError>;

/// What all sessions of one browser share.
pub(super) struct Routing {
    outgoing: mpsc::UnboundedSender<Vec<u8>>,
    table: Mutex<Table>,
    gone: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Table {
    last_id: u64,
    commands: HashMap<u64, PendingCommand>,
    sessions: HashMap<String, SessionEntry>,
    /// Of the browser's own session.
    browser: Option<mpsc::UnboundedSender<CdpEvent>>,
}

struct PendingCommand {
    session: Option<String>,
    method: &'static str,
    answer: oneshot::Sender<CommandAnswer>,
}

struct SessionEntry {
    events: mpsc::UnboundedSender<CdpEvent>,
    /// Until the session's owner takes them: the first events may come before it has looked.
    untaken: Option<CdpEvents>,
    crashed: bool,
}

/// What is read of a message that cannot be read as a whole.
#[derive(Deserialize)]
struct MessageId {
    id: u64,
}

#[derive(Deserialize)]
struct CdpMessage {
    id: Option<u64>,
    method: Option<String>,
    #[serde(default)]
    params: Value,
    #[serde(default)]
    result: Value,
    error: Option<CdpRefusal>,
    #[serde(rename = "sessionId")]
    session: Option<String>,
}

#[derive(Deserialize)]
struct CdpRefusal {
    message: String,
    data: Option<Value>,
}

impl Routing {
    pub(super) fn new(outgoing: mpsc::UnboundedSender<Vec<u8>>) -> (Arc<Self>, CdpEvents) {
        let (sender, events) = mpsc::unbounded_channel();
        let table = Table {
            browser: Some(sender),
            ..Table::default()
        };
        let routing = Self {
            outgoing,
            table: Mutex::new(table),
            gone: watch::Sender::new(None),
        };
        (Arc::new(routing), events)
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command at once; the future waits for its answer and forgets it when dropped.
    pub(super) fn command(
        self: Arc<Self>,
        session: Option<&str>,
        method: &'static str,
        params: Value,
    ) -> Result<impl Future<Output = CommandAnswer> + Send + 'static, BrowserError> {
        let (answer, answered) = oneshot::channel();
        let mut table = self.table();
        if let Some(how) = self.gone.borrow().clone() {
            return Err(BrowserError::Gone { how });
        }
        if let Some(id) = session {
            let entry = table.sessions.get(id).ok_or(BrowserError::Closed)?;
            if entry.crashed {
                return Err(BrowserError::Crashed);
            }
        }
        table.last_id += 1;
        let id = table.last_id;
        let mut message = json!({"id": id, "method": method});
        message["params"] = params;
        if let Some(session) = session {
            message["sessionId"] = Value::from(session);
        }
        let pending = PendingCommand {
            session: session.map(String::from),
            method,
            answer,
        };
        table.commands.insert(id, pending);
        // Within the lock, so that commands leave in the order of their numbers.
        let sent = self.outgoing.send(message.to_string().into_bytes());
        drop(table);
        let entry = Forgotten { routing: self, id };
        Ok(async move {
            let _entry = entry;
            // Without a writer the browser has ended, and the reader answers soon.
            drop(sent);
            answered.await.unwrap_or(Err(BrowserError::Closed))
        })
    }

    /// The events of a session that the browser has announced.
    pub(super) fn take_events(&self, session: &str) -> Option<CdpEvents> {
        self.table().sessions.get_mut(session)?.untaken.take()
    }

    /// Takes one message of the browser.
    pub(super) fn receive(&self, message: &[u8]) {
        let read = serde_json::from_slice(message)
            .or_else(|_| serde_json::from_slice(&replace_halves(message)));
        let message: CdpMessage = match read {
            Ok(message) => message,
            Err(error) => return self.unreadable(message, &error),
        };
        if let Some(id) = message.id {
            let pending = self.table().commands.remove(&id);
            if let Some(pending) = pending {
                let method = pending.method;
                let answer = message.error.map_or(Ok(message.result), |refusal| {
                    Err(refusal.into_error(method))
                });
                // The caller may have gone.
                let _ = pending.answer.send(answer);
            }
        } else if let Some(method) = message.method {
            let event = CdpEvent {
                method,
                params: message.params,
            };
            self.route(message.session.as_deref(), event);
        }
    }

    /// An answer that cannot be read, such as one that is nested too deeply: its caller does not wait for it.
    fn unreadable(&self, message: &[u8], error: &serde_json::Error) {
        let id = serde_json::from_slice(message).ok();
        let pending = id.and_then(|MessageId { id }| self.table().commands.remove(&id));
        if let Some(PendingCommand { method, answer, .. }) = pending {
            let message = format!("its answer cannot be read: {error}");
            // The caller may have gone.
            let _ = answer.send(Err(BrowserError::Refused { method, message }));
        }
    }

    fn route(&self, session: Option<&str>, event: CdpEvent) {
        let mut table = self.table();
        match event.method.as_str() {
            "Target.attachedToTarget" => {
                let (events, untaken) = mpsc::unbounded_channel();
                let entry = SessionEntry {
                    events,
                    untaken: Some(untaken),
                    crashed: false,
                };
                let id = String::from(event.text("sessionId"));
                table.sessions.insert(id, entry);
            }
            "Target.detachedFromTarget" => {
                let id = event.text("sessionId");
                table.sessions.remove(id);
                table.fail(Some(id), &BrowserError::Closed);
            }
            "Inspector.targetCrashed" => {
                if let Some(id) = session {
                    if let Some(entry) = table.sessions.get_mut(id) {
                        entry.crashed = true;
                    }
                    table.fail(Some(id), &BrowserError::Crashed);
                }
            }
            _ => {}
        }
        let sender = match session {
            Some(id) => table.sessions.get(id).map(|entry| &entry.events),
            None => table.browser.as_ref(),
        };
        if let Some(sender) = sender {
            // Its owner may have gone.
            let _ = sender.send(event);
        }
    }

    /// The browser has ended: all that waits for it fails.
    pub(super) fn end(&self, how: &str) {
        let mut table = self.table();
        self.gone.send_replace(Some(String::from(how)));
        let how = String::from(how);
        table.fail(None, &BrowserError::Gone { how });
        table.sessions.clear();
        table.browser = None;
    }

    pub(super) fn gone_now(&self) -> Option<String> {
        self.gone.borrow().clone()
    }

    pub(super) async fn gone(&self) -> String {
        let mut gone = self.gone.subscribe();
        let how = gone.wait_for(Option::is_some).await;
        how.ok().and_then(|how| how.clone()).unwrap_or_default()
    }
}

impl Table {
    /// Answers all commands of a session, or of all sessions, with an error.
    fn fail(&mut self, session: Option<&str>, error: &BrowserError) {
        let ended =
            |pending: &PendingCommand| session.is_none() || pending.session.as_deref() == session;
        for (_, pending) in self.commands.extract_if(|_, pending| ended(pending)) {
            let _ = pending.answer.send(Err(error.clone()));
        }
    }
}

impl CdpRefusal {
    fn into_error(self, method: &'static str) -> BrowserError {
        let data = self.data.as_ref().and_then(Value::as_str);
        let message = match data {
            Some(data) => format!("{}: {data}", self.message),
            None => self.message,
        };
        BrowserError::Refused { method, message }
    }
}

/// Removes the entry of a command whose caller does not wait any longer.
struct Forgotten {
    routing: Arc<Routing>,
    id: u64,
}

impl Drop for Forgotten {
    fn drop(&mut self) {
        self.routing.table().commands.remove(&self.id);
    }
}
